// Pictures of the pages, as people see them: phone and desktop, light and dark, into DIR, a few of them into docs/img. `node scripts/screenshots.ts [DIR]`

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { encode } from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import { type Browser, chromium } from 'playwright-core'
import { DAG_CBOR } from '../src/block/cid.ts'
import { sha256 } from '../src/block/hash.ts'
import { CairnError } from '../src/errors.ts'
import { Link, startGateway, type TestGateway } from '../test/gateway/support.ts'
import { MemoryBlocks } from '../test/support/memory-blocks.ts'

const DIR = process.argv[2]
const OUT = DIR ?? join(import.meta.dirname, '../docs/img')
/** Of the documentation only these; a folder of one's own gets all. */
const KEPT: ReadonlySet<string> = new Set(['desktop-light', 'phone-dark'])
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium'
const SIZES = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 800 } }
const SCHEMES = ['light', 'dark'] as const

const README = `# Cairns of the high plateau

A survey of **47 stone cairns** between the two lakes, made on foot in the summer of 2026.

- \`route.json\` has the way from one to the next
- photographs are in [photos](photos/)

| Cairn | Height | Year |
|---|---|---|
| Storvarden | 2.4 m | 1871 |
| Lillvarden | 0.9 m | 1923 |

> Add a stone when you pass.
`

const NOTES = Array.from(
  { length: 30 },
  (_, day) => `Day ${day + 1}: ${day % 3 === 0 ? 'fog until noon' : 'clear'}, wind from the west.`,
)

const FOLDER = {
  'Field notes': { 'a.txt': 'x' },
  photos: { 'a.jpg': new Uint8Array(2_400_000) },
  source: { 'a.ts': 'x' },
  'README.md': README,
  'altitude.csv': new Uint8Array(18_000),
  'archive-2026.tar.gz': new Uint8Array(7_340_032),
  'elevation-model.bin': new Uint8Array(4_500_000),
  latest: new Link('photos'),
  'map of all cairns between the two lakes, surveyed on foot, second edition.pdf': new Uint8Array(1_210_000),
  'notes.txt': NOTES.join('\n'),
  'route.json': JSON.stringify({ from: 'Storvarden', to: 'Lillvarden', hours: 3.5, via: ['ford', 'ridge'] }),
  'lake.svg': drawing('#9fc7d6', '#5b7f63'),
  'summit.svg': drawing('#e8c9a0', '#8a6f5c'),
  'survey.mp4': new Uint8Array(5_800_000),
  'wind.flac': new Uint8Array(3_300_000),
  'Zähltag – café.txt': 'x',
}

function drawing(sky: string, ground: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 400"><path fill="${sky}" d="M0 0h640v400H0z"/><path fill="${ground}" d="M0 400V260l170-110 120 80 130-140 220 170v140z"/><circle cx="520" cy="80" r="36" fill="#fff8e0"/></svg>`
}

const DOCUMENT = {
  name: 'Storvarden',
  position: { latitude: 61.4502, longitude: 8.5012 },
  heights: [2.38, 2.41, 2.4],
  seal: new Uint8Array(16).fill(7),
  isStanding: true,
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

async function main(): Promise<void> {
  mkdirSync(OUT, { recursive: true })
  const memory = new EmptyNetwork({ peekable: true })
  const gateway = await startGateway({ memory, mode: 'public', node: publicNode() })
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
  try {
    const root = await gateway.addTree({ 'high plateau': FOLDER })
    const folder = `/ipfs/${root}/high%20plateau`
    const bytes = encode({ ...DOCUMENT, map: root })
    const document = CID.createV1(DAG_CBOR, sha256(bytes))
    memory.putVerified(document, bytes)
    await photograph(browser, gateway, {
      landing: '/',
      listing: `${folder}/`,
      preview: `${folder}/notes.txt?cairn=preview`,
      dag: `${folder}/?cairn=dag`,
      document: `/ipfs/${document}/`,
      share: `${folder}/summit.svg?cairn=share`,
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
      if (DIR === undefined && !KEPT.has(`${size}-${colorScheme}`)) continue
      const context = await browser.newContext({ viewport, colorScheme })
      const page = await context.newPage()
      const complaints: string[] = []
      page.on('console', message => complaints.push(message.text()))
      for (const [name, path] of Object.entries(pages)) {
        await page.goto(gateway.url + path)
        await page.screenshot({
          path: join(OUT, `${name}-${size}-${colorScheme}.png`),
          fullPage: size === 'phone' && name === 'listing',
        })
      }
      const real = complaints.filter(text => !text.includes('504'))
      if (real.length > 0) throw new Error(`the browser complains: ${real.join('; ')}`)
      await context.close()
    }
  }
}

await main()
