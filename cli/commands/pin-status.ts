// `cairn pin status`: how far pins have come, once or until they are done.

import { setTimeout } from 'node:timers/promises'
import type { CID } from 'multiformats/cid'
import type { Pin } from '../../src/api/pins.ts'
import { CairnError } from '../../src/errors.ts'
import type { LocalNode } from '../../src/node/open.ts'
import { type CommandContext, command as define } from '../command.ts'
import { print } from '../print.ts'
import { targetOf } from '../target.ts'
import { type PinSituation, pinJson, pinLines } from '../view/pin.ts'

const flags = {
  watch: { type: 'boolean', short: 'w', doc: 'Go on until none of them is on its way any more' },
} as const

export const command = define({
  args: [
    {
      name: 'PATH',
      doc: 'A CID or /ipfs/CID/path that is pinned, or is to be; none: all that is not complete',
      optional: true,
      many: true,
    },
  ],
  flags,
  examples: [
    'cairn pin status',
    'cairn pin status CID',
    'cairn pin status --watch CID',
    'cairn pin status --watch --json',
  ],
  details: [
    'Tells blocks, bytes, what is known to be missing, the rate, the time left, how many peers were asked and have answered, and, if nothing comes, why. On a terminal --watch redraws; elsewhere it prints a line for each change. It ends with an error if a pin was given up.',
  ],
  run: async context => {
    const { args, session, signal } = context
    const node = await session.open({ local: true })
    const cids: CID[] = []
    for (const text of args) cids.push(await targetOf(node, text, { signal }))
    if (context.flags.watch !== true) {
      for (const situation of await look(context, node, cids)) show(context, situation)
      return
    }
    await watch(context, node, cids)
  },
})

type Context = CommandContext<typeof flags>

const WATCH_MS = 500

async function watch(context: Context, node: LocalNode, cids: readonly CID[]): Promise<void> {
  const { globals, io, signal } = context
  const isLive = io.stdout.isTerminal && globals.json !== true && globals.quiet !== true
  const told = new Map<number, string>()
  let shownLines = 0
  for (;;) {
    const situations = await look(context, node, cids)
    if (isLive) shownLines = redraw(context, situations, shownLines)
    else for (const situation of situations) tellIfNew(context, situation, told)
    const open = situations.filter(({ pin }) => pin.status === 'queued' || pin.status === 'pinning')
    if (open.length === 0) {
      const failed = situations.filter(({ pin }) => pin.status === 'failed')
      if (failed.length > 0 && cids.length > 0)
        throw new CairnError('UNREACHABLE', `${failed.length} of ${situations.length} pins failed`)
      return
    }
    await setTimeout(WATCH_MS, undefined, { signal })
  }
}

/** All pins of the CIDs, or those that are not complete. NOT_PINNED if a CID has none. */
async function look({ session, signal }: Context, node: LocalNode, cids: readonly CID[]): Promise<PinSituation[]> {
  const pins: Pin[] = []
  for (const cid of cids) {
    const before = pins.length
    for await (const pin of node.pins.ls({ cid, signal })) pins.push(pin)
    if (pins.length === before) throw new CairnError('NOT_PINNED', `${cid} is not pinned, and nobody has asked for it`)
  }
  if (cids.length === 0) for await (const pin of node.pins.ls({ signal })) if (pin.status !== 'pinned') pins.push(pin)
  const daemon = await session.daemon()
  const states = await daemon?.pinStates({ signal })
  return pins.map(pin => ({ pin, state: states?.get(pin.id), hasDaemon: daemon !== undefined, now: Date.now() }))
}

function show(context: Context, situation: PinSituation): void {
  print(context, {
    json: pinJson(situation),
    quiet: String(situation.pin.cid),
    text: pinLines(situation, context.io.stdout).join('\n'),
  })
}

function tellIfNew(context: Context, situation: PinSituation, told: Map<number, string>): void {
  const { pin, state } = situation
  const now = `${pin.status} ${pin.attempts} ${state?.blocks} ${state?.waiting.replace(/; nothing came for .*/, '')}`
  if (told.get(pin.id) === now) return
  told.set(pin.id, now)
  show(context, situation)
}

/** Over what was shown before; as many as a screen is likely to hold. Returns the lines shown. */
function redraw({ io: { stdout } }: Context, situations: readonly PinSituation[], before: number): number {
  const lines = situations.slice(0, 12).flatMap(situation => pinLines(situation, stdout))
  if (situations.length > 12) lines.push(`and ${situations.length - 12} more`)
  const up = before > 0 ? `\x1b[${before}A` : ''
  // Without wrapping, so that each line is one on the screen too.
  stdout.write(`\x1b[?7l${up}${lines.map(line => `\x1b[K${line}\n`).join('')}\x1b[J\x1b[?7h`)
  return lines.length
}
