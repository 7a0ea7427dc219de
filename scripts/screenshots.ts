// Pictures of the pages, as people see them: phone and desktop, light and dark, into docs/img. `node scripts/screenshots.ts [CHROMIUM]`

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'
import { CairnError } from '../src/errors.ts'
import { Link, startGateway, type TestGateway } from '../test/gateway/support.ts'
import { MemoryBlocks } from '../test/support/memory-blocks.ts'

const OUT = join(import.meta.dirname, '../docs/img')
const SIZES = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 800 } }
const SCHEMES = ['light', 'dark'] as const

const FOLDER = {
  'Field notes': { 'a.txt': 'x' },
  photos: { 'a.jpg': new Uint8Array(2_400_000) },
  source: { 'a.ts': 'x' },
  'README.md': '# Cairns of the high plateau\n'.repeat(60),
  'altitude.csv': new Uint8Array(18_000),
  'archive-2026.tar.gz': new Uint8Array(7_340_032),
  'elevation-model.bin': new Uint8Array(4_500_000),
  latest: new Link('photos'),
  'map of all cairns between the two lakes, surveyed on foot, second edition.pdf': new Uint8Array(1_210_000),
  'route.json': '{"a":1}',
  'summit.jpg': new Uint8Array(880_000),
  'survey.mp4': new Uint8Array(5_800_000),
  'wind.flac': new Uint8Array(3_300_000),
  'Zähltag – café.txt': 'x',
}

/** A content root that nobody has, so that the page tells of a search. */
const NOWHERE = 'bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi'

class EmptyNetwork extends MemoryBlocks {
  override async get(...[cid, wait]: Parameters<MemoryBlocks['get']>): Promise<Uint8Array> {
    if (this.has(cid)) return super.get(cid, wait)
    throw new CairnError('UNREACHABLE', `no peer gave ${cid}`, {
      tried: [
        'peer 12D3KooWQfzyrbBiB1Z3XRDdJpjuKMJ8mnWJJCPkt7Yhv5NqVZzE: does not have it',
        'peer 12D3KooWBrF4tkFSRJxNnyLPJXUeFGPyUkWp3s5CqbAoQ7mqGkQh: did not answer',
        'DHT: 20 nodes asked, no provider',
      ],
    })
  }
}

async function main(executablePath: string): Promise<void> {
  mkdirSync(OUT, { recursive: true })
  const memory = new EmptyNetwork({ peekable: true })
  const gateway = await startGateway({ memory, mode: 'public', node: publicNode() })
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  try {
    const root = await gateway.addTree({ 'high plateau': FOLDER })
    await photograph(browser, gateway, {
      landing: '/',
      listing: `/ipfs/${root}/high%20plateau/`,
      error: `/ipfs/${NOWHERE}/guestbook.html`,
    })
  } finally {
    await browser.close()
    await gateway.close()
  }
}

function publicNode(): NonNullable<Parameters<typeof startGateway>[0]>['node'] & object {
  const peer = { id: '', address: '', direction: 'outbound' as const, protocols: [] }
  return {
    version: '0.1.0',
    id: async () => ({
      id: '12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp',
      publicKey: '',
      addresses: [],
      agentVersion: '',
      protocols: [],
    }),
    swarm: { peers: async () => Array.from({ length: 42 }, () => peer), connect: async () => ({ id: '' }) },
  }
}

async function photograph(browser: Browser, gateway: TestGateway, pages: Record<string, string>): Promise<void> {
  for (const [size, viewport] of Object.entries(SIZES)) {
    for (const colorScheme of SCHEMES) {
      const context = await browser.newContext({ viewport, colorScheme, javaScriptEnabled: false })
      const page = await context.newPage()
      const complaints: string[] = []
      page.on('console', message => complaints.push(message.text()))
      for (const [name, path] of Object.entries(pages)) {
        await page.goto(gateway.url + path)
        await page.screenshot({ path: join(OUT, `${name}-${size}-${colorScheme}.png`), fullPage: size === 'phone' })
      }
      const real = complaints.filter(text => !text.includes('504'))
      if (real.length > 0) throw new Error(`the browser complains: ${real.join('; ')}`)
      await context.close()
    }
  }
}

await main(process.argv[2] ?? '/usr/bin/chromium')
