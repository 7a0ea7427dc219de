// A gateway over fixtures, started as users start it: `cairn conformance --serve`, in a process of its own.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { configSchema } from '../../src/config/schema.ts'

/** With how many workers all of it runs: 0 and 2, where this program can have any. */
export const WORKER_LANES: readonly number[] = 'workers' in configSchema.parse({}).gateway ? [0, 2] : [0]

const PROGRAM = join(import.meta.dirname, 'program.ts')

export interface Serving extends AsyncDisposable {
  /** `host:port` to connect to. */
  readonly address: string
  /** `host:port` whose subdomains are content roots. */
  readonly subdomainHost: string
  /** What it took in, as its ready line says. */
  readonly counts: { readonly blocks: number; readonly records: number; readonly refused: number }
}

export async function startConformance(folder: string, workers = 0): Promise<Serving> {
  const args = workers === 0 ? [] : ['--config', `gateway.workers=${workers}`]
  const child = spawn(process.execPath, [PROGRAM, 'conformance', '--fixtures', folder, '--json', '--serve', ...args], {
    // Without any suite on its way: this is about the gateway.
    env: { ...process.env, PATH: dirname(process.execPath), CAIRN_PEERS: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  child.stderr.on('data', chunk => {
    log = (log + chunk).slice(-50_000)
  })
  const exit = once(child, 'exit')
  for await (const line of createInterface({ input: child.stdout })) {
    const { gateway, subdomain, ...counts } = JSON.parse(line) as {
      gateway: string
      subdomain: string
    } & Serving['counts']
    return {
      address: new URL(gateway).host,
      subdomainHost: new URL(subdomain).host,
      counts,
      [Symbol.asyncDispose]: async () => {
        child.kill('SIGTERM')
        await exit
      },
    }
  }
  throw new Error(`the gateway ended before it was ready:\n${log}`)
}
