// A real browser for tests: Chromium without a window, on a gateway of its own; what it complains about fails the test.

import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { startGateway, type TestGateway, type TestGatewayOptions } from '../gateway/support.ts'

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium'

export interface Visit {
  readonly page: Page
  readonly context: BrowserContext
  /** Errors of scripts, refused loads, violated policies. */
  readonly complaints: string[]
}

export interface TestBrowser {
  readonly gateway: TestGateway
  /** `http://localhost:<port>`: content gets an origin of its own, `<cid>.ipfs.localhost`. */
  readonly origin: string
  /** A browser profile of its own for as long as `run` takes; afterwards there must be no complaint. */
  visit(options: Parameters<Browser['newContext']>[0], run: (visit: Visit) => Promise<void>): Promise<void>
  close(): Promise<void>
}

export async function startBrowser(options: TestGatewayOptions = {}): Promise<TestBrowser> {
  const gateway = await startGateway(options)
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required'],
  })
  return {
    gateway,
    origin: `http://localhost:${gateway.server.port}`,
    visit: async (contextOptions, run) => {
      const context = await browser.newContext(contextOptions)
      try {
        const page = await context.newPage()
        const complaints: string[] = []
        page.on('pageerror', error => complaints.push(`script: ${error.message}`))
        page.on('console', message => {
          // A site without an icon is no fault of the gateway's.
          const isIcon = message.location().url.endsWith('/favicon.ico')
          if (!isIcon && /error|warning/.test(message.type())) complaints.push(message.text())
        })
        page.setDefaultTimeout(20_000)
        await run({ page, context, complaints })
        if (complaints.length > 0) throw new Error(`the browser complains: ${complaints.join('; ')}`)
      } finally {
        await context.close()
      }
    },
    close: async () => {
      await browser.close()
      await gateway.close()
    },
  }
}

/** Of the one element that is meant, as it is shown. */
export async function textOf(page: Page, selector: string): Promise<string> {
  const texts = await page.locator(selector).allInnerTexts()
  if (texts.length !== 1) throw new Error(`${texts.length} elements are ${selector}`)
  return texts[0] ?? ''
}

/** In its own pixels, once it is there: a picture that was refused or is none has no width. */
export function pictureWidth(page: Page, selector: string): Promise<number> {
  const picture = `document.querySelector(${JSON.stringify(selector)})`
  return page.evaluate<number>(`${picture}.decode().then(() => ${picture}.naturalWidth)`)
}

/** A picture that is not the same everywhere. */
export const DRAWING =
  '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="48" viewBox="0 0 64 48"><path fill="#9fc7d6" d="M0 0h64v48H0z"/><path fill="#5b7f63" d="M0 48V30l20-14 44 32z"/></svg>'

/** Ten minutes of a low tone as WAV: large enough that no browser loads all of it at once. */
export function tone(seconds: number): Buffer {
  const rate = 22_050
  const bytes = Buffer.alloc(44 + seconds * rate * 2)
  bytes.write('RIFF', 0, 'latin1')
  bytes.writeUInt32LE(bytes.length - 8, 4)
  bytes.write('WAVEfmt ', 8, 'latin1')
  bytes.writeUInt32LE(16, 16)
  for (const [index, value] of [1, 1].entries()) bytes.writeUInt16LE(value, 20 + index * 2)
  bytes.writeUInt32LE(rate, 24)
  bytes.writeUInt32LE(rate * 2, 28)
  bytes.writeUInt16LE(2, 32)
  bytes.writeUInt16LE(16, 34)
  bytes.write('data', 36, 'latin1')
  bytes.writeUInt32LE(bytes.length - 44, 40)
  for (let at = 0; at < seconds * rate; at++) bytes.writeInt16LE(Math.round(3000 * Math.sin(at / 20)), 44 + at * 2)
  return bytes
}
