// What the daemon tells people when it serves: where to click, who can see it, what to do next.

import type { Out } from '../io.ts'
import { count } from '../print.ts'

export interface DaemonAbout {
  readonly version: string
  readonly repo: string
  readonly mode: string
  readonly announces: string
  readonly peerId: string
  /** Empty where it is turned off. */
  readonly gateway: string
  /** Processes that serve it beside the daemon. */
  readonly workers: number
  readonly api: string
}

export function servingText(about: DaemonAbout, out: Pick<Out, 'style'>): string {
  const { version, repo, mode, announces, peerId, gateway, workers, api } = about
  const by = workers === 0 ? '' : ` (${count(workers, 'worker')})`
  const rows = [
    ['Gateway', gateway === '' ? 'off' : `${out.style('underline', gateway)}${by}`],
    ['API', api === '' ? 'off' : api],
    ['Mode', `${mode}; announces ${announces}`],
    ['Peer', peerId],
    ['Repository', repo],
  ]
  return [
    `${out.style('bold', `cairn ${version}`)} is serving`,
    '',
    ...rows.map(([name = '', value]) => `  ${name.padEnd(12)}${value}`),
    '',
    `  Add something:  ${out.style('cyan', 'cairn add PATH')}`,
    `  Stop:           Ctrl-C or ${out.style('cyan', 'cairn shutdown')}`,
    '',
    '',
  ].join('\n')
}

export function networkText(mode: string, addresses: readonly string[], out: Pick<Out, 'style'>): string {
  if (mode === 'offline') return `${out.style('dim', 'no network: only what is here is served')}\n`
  if (addresses.length === 0) return `${out.style('dim', 'network started; no peer can connect to this node')}\n`
  return `${out.style('dim', 'peers reach this node at')}\n${addresses.map(address => `  ${address}\n`).join('')}`
}
