// add: files and folders from the parts of a multipart body (spec: kubo-rpc §2.1).

import { ADD_OPTIONS, addOptions } from './add-options.ts'
import { type Call, command, values } from './command.ts'
import { EntryParts, type PartMetadata } from './entry-parts.ts'

/** Documents kept back while the body still comes: simple clients do not read before they have sent all (spec: kubo-rpc §7.21). */
const HELD_DOCUMENTS = 500

export const add = command({
  file: 'path',
  options: ADD_OPTIONS,
  run: call => {
    const options = addOptions(call.options, call.signal)
    return values(heldBack(documents(call, options), call.options.progress ? 1 : HELD_DOCUMENTS))
  },
})

type AddCall = Call<typeof ADD_OPTIONS>
type Options = ReturnType<typeof addOptions>

/** The last document at least waits for the end: what a client takes for stored is durable by then. */
async function* heldBack(documents: AsyncIterable<unknown>, most: number): AsyncGenerator<unknown> {
  const held: unknown[] = []
  for await (const document of documents) {
    held.push(document)
    if (held.length > most) yield held.shift()
  }
  yield* held
}

async function* documents(call: AddCall, options: Options): AsyncGenerator<unknown> {
  const { progress, silent, 'wrap-with-directory': wrap } = call.options
  const parts = new EntryParts(call.files())
  let told = 0
  for await (const event of call.node.add([{ kind: 'entries', entries: parts.entries() }], options)) {
    if (silent) continue
    if (event.type === 'progress' && progress) {
      told = event.bytes
      yield { Name: event.name, Bytes: event.bytes }
    } else if (event.type === 'added') {
      const bytes = parts.takeFileBytes(event.name)
      if (progress && bytes !== undefined && (bytes !== told || bytes === 0)) yield lastProgress(event.name, bytes)
      told = 0
      yield {
        Name: event.name === '' && !wrap ? call.formatCid(event.cid) : event.name,
        Hash: call.formatCid(event.cid),
        Size: String(event.totalBytes),
        // Kubo tells what the top-level part said, whether or not it is stored.
        ...(wrap ? {} : describeMetadata(parts.metadataOf(event.name))),
      }
    }
  }
}

/** Zeros are left out, as Go does. */
const lastProgress = (name: string, bytes: number) => ({ Name: name, ...(bytes > 0 ? { Bytes: bytes } : {}) })

function describeMetadata({ mode, mtime, nsecs }: PartMetadata) {
  return {
    ...(mode === 0 ? {} : { Mode: `0${mode.toString(8)}` }),
    ...(mtime === 0 ? {} : { Mtime: mtime }),
    ...(nsecs === 0 ? {} : { MtimeNsecs: nsecs }),
  }
}
