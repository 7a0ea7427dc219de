// `cairn pin ls`: what is kept, or why one CID is.

import { indirectPins } from '../../gateway/rpc/indirect-pins.ts'
import type { CairnNode } from '../../src/api/node.ts'
import type { Pin, PinFilter, PinMode, PinStatus } from '../../src/api/pins.ts'
import type { Wait } from '../../src/block/source.ts'
import { escapeName } from '../../src/dag/names.ts'
import { parseContentPath } from '../../src/dag/path.ts'
import { CairnError } from '../../src/errors.ts'
import { readLabels } from '../../src/pins/labels.ts'
import { type CommandContext, command as define, type FlagValues } from '../command.ts'
import { defined, print } from '../print.ts'
import { targetOf } from '../target.ts'
import { pinJson, pinLines } from '../view/pin.ts'

const flags = {
  type: {
    type: 'string',
    short: 't',
    value: 'TYPE',
    values: ['roots', 'recursive', 'direct', 'indirect', 'all'],
    default: 'roots',
    doc: 'Which pins; roots are the recursive and direct ones, indirect is what they keep',
  },
  name: { type: 'string', short: 'n', value: 'TEXT', doc: 'Only pins whose name contains this' },
  names: { type: 'boolean', doc: 'Print the names too' },
  label: {
    type: 'string',
    value: 'KEY=VALUE',
    multiple: true,
    doc: 'Only pins with this label; given again, with all of them',
  },
  owner: { type: 'string', value: 'TEXT', doc: 'Only pins of this owner' },
  status: {
    type: 'string',
    value: 'STATUS',
    values: ['queued', 'pinning', 'pinned', 'failed', 'all'],
    doc: 'Only pins of this status; prints how far each has come',
  },
  cid: { type: 'string', value: 'CID', doc: 'Only pins of this CID' },
  stream: { type: 'boolean', short: 's', doc: 'Taken as ipfs has it', hidden: true },
} as const

export const command = define({
  args: [{ name: 'PATH', doc: 'Only this: how it is kept, and by which root', optional: true, many: true }],
  flags,
  examples: [
    'cairn pin ls --names',
    'cairn pin ls --type all CID/photo.jpg',
    'cairn pin ls --status queued',
    'cairn pin ls --label team=web --owner ann',
    'cairn pin ls --json | jq -r .cid',
  ],
  run: async context => {
    const { args, session, signal } = context
    const node = await session.open({ local: true })
    for (const text of args) await showOne(context, node, text)
    if (args.length > 0) return
    const { type = 'roots' } = context.flags
    if (type !== 'indirect') {
      const showProgress = context.flags.status === undefined ? undefined : await progressOf(context)
      for await (const pin of node.pins.ls({ ...filterOf(context.flags), signal })) {
        if (showProgress === undefined) showPin(context, pin)
        else showProgress(pin)
      }
    }
    if (type !== 'indirect' && type !== 'all') return
    for await (const cid of indirectPins(node, { signal }))
      print(context, { json: { cid, type: 'indirect' }, quiet: String(cid), text: `${cid} indirect` })
  },
})

function filterOf({ type = 'roots', name, label, owner, status, cid }: FlagValues<typeof flags>): PinFilter {
  return defined({
    name,
    owner,
    mode: type === 'recursive' || type === 'direct' ? (type as PinMode) : undefined,
    labels: label === undefined ? undefined : readLabels(label),
    status: status === undefined || status === 'all' ? undefined : (status as PinStatus),
    cid: cid === undefined ? undefined : parseContentPath(cid).root,
  })
}

/** Rows come from the repository; how far a walk has come only the daemon knows. */
async function progressOf(context: CommandContext<typeof flags>): Promise<(pin: Pin) => void> {
  const { session, signal, io } = context
  const daemon = await session.daemon()
  const states = await daemon?.pinStates({ signal })
  return pin => {
    const status = { pin, state: states?.get(pin.id), hasDaemon: daemon !== undefined, now: Date.now() }
    print(context, {
      json: pinJson(status),
      quiet: String(pin.cid),
      text: pinLines(status, io.stdout).join('\n'),
    })
  }
}

function showPin(context: CommandContext<typeof flags>, pin: Pin): void {
  const { cid, mode, name, status } = pin
  const isNamed = context.flags.names === true || context.flags.name !== undefined
  const shown = [String(cid), mode, isNamed ? escapeName(name) : '', status === 'pinned' ? '' : `(${status})`]
  print(context, {
    json: pinJson({ pin, state: undefined }),
    quiet: String(cid),
    text: shown.filter(text => text !== '').join(' '),
  })
}

async function showOne(context: CommandContext<typeof flags>, node: CairnNode, text: string): Promise<void> {
  const wait: Wait = { signal: context.signal }
  const cid = await targetOf(node, text, wait)
  const { type = 'roots' } = context.flags
  if (type === 'recursive' || type === 'direct') {
    for await (const pin of node.pins.ls({ cid, mode: type, ...wait })) return showPin(context, pin)
    throw new CairnError('NOT_PINNED', `path '${text}' is not pinned ${type === 'direct' ? 'directly' : 'recursively'}`)
  }
  const found = await node.pins.whyPinned(cid, wait)
  if (found === undefined || (type === 'indirect' && found.mode !== 'indirect'))
    throw new CairnError('NOT_PINNED', `path '${text}' is not pinned${type === 'indirect' ? ' indirectly' : ''}`)
  const how = found.mode === 'indirect' ? `indirect through ${found.root}` : found.mode
  print(context, { json: { cid, type: found.mode, root: found.root }, quiet: String(cid), text: `${cid} ${how}` })
}
