// dag/put: documents of one codec stored as blocks of another (spec: kubo-rpc §2.3).

import { isIdentity } from '../../src/block/cid.ts'
import { decodeBlock, encodeBlock } from '../../src/dag/codecs.ts'
import { wholeParts } from './block-put.ts'
import { cidOfBytes, codecByName, isKnownHash } from './codecs.ts'
import { bool, type Call, command, type Options, text, values } from './command.ts'
import { failure } from './errors.ts'

const OPTIONS = {
  'store-codec': text('dag-cbor'),
  'input-codec': text('dag-json'),
  pin: bool(false),
  hash: text('sha2-256'),
  'allow-big-block': bool(false),
} satisfies Options

interface Codecs {
  readonly input: number
  readonly store: number
}

export const dagPut = command({
  file: 'object data',
  options: OPTIONS,
  run: call => {
    const { 'input-codec': input, 'store-codec': store, hash } = call.options
    if (!isKnownHash(hash)) throw failure(`unknown multicodec: ${JSON.stringify(hash)}`)
    return values(putAll(call, { input: codecByName(input), store: codecByName(store) }))
  },
})

async function* putAll(
  { node, files, options, signal }: Call<typeof OPTIONS>,
  { input, store }: Codecs,
): AsyncGenerator<unknown> {
  for await (const given of wholeParts(files())) {
    const recipe = { version: 1, hash: options.hash, digestBytes: -1 } as const
    // What is given is read like a block of its codec, with the same limits on its depth.
    const document = decodeBlock(cidOfBytes(given, { ...recipe, codec: input, hash: 'sha2-256' }), given)
    const bytes = encodeBlock(store, document)
    const cid = cidOfBytes(bytes, { ...recipe, codec: store })
    if (!isIdentity(cid)) await node.putBlocks([{ cid, bytes }], { signal })
    if (options.pin) await node.pins.add(cid, { signal })
    yield { Cid: { '/': cid.toString() } }
  }
}
