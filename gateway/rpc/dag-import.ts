// dag/import: CARs in the parts of the body; roots are pinned if all of them is here (spec: kubo-rpc §2.3).

import { bool, type Call, command, type Options, values } from './command.ts'
import { failure } from './errors.ts'

const OPTIONS = {
  'pin-roots': bool(true),
  'local-only': bool(false),
  silent: bool(false),
  stats: bool(false),
  'allow-big-block': bool(false),
} satisfies Options

export const dagImport = command({
  file: 'path',
  options: OPTIONS,
  run: call => values(importAll(call)),
})

async function* importAll(call: Call<typeof OPTIONS>): AsyncGenerator<unknown> {
  const { node, options, signal } = call
  const pinRoots = options['pin-roots'] && !options['local-only']
  const total = { BlockCount: 0, BlockBytesCount: 0 }
  const roots: unknown[] = []
  for await (const { kind, content } of call.files()) {
    if (kind !== 'file') throw failure('expected a file')
    const bytes = await nonEmpty(content)
    if (bytes === undefined) continue
    const imported = await node.importCar(bytes, { signal, pinRoots })
    total.BlockCount += imported.blocks
    total.BlockBytesCount += imported.bytes
    // Told when the body has been read: simple clients do not read before that.
    if (pinRoots) {
      for (const { cid, pinError } of imported.roots) {
        roots.push({ Root: { Cid: { '/': cid.toString() }, PinErrorMsg: pinError } })
      }
    }
  }
  yield* roots
  if (options.stats) yield { Stats: total }
}

/** Kubo takes an empty part for a CAR without anything. */
async function nonEmpty(content: AsyncIterable<Uint8Array>): Promise<AsyncIterable<Uint8Array> | undefined> {
  const pieces = content[Symbol.asyncIterator]()
  const first = await pieces.next()
  if (first.done === true) return undefined
  return (async function* () {
    yield first.value
    yield* { [Symbol.asyncIterator]: () => pieces }
  })()
}
