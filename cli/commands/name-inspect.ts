// `cairn name inspect`: what a signed record says, from a file or as it is stored or published, and whether it is valid.

import { existsSync } from 'node:fs'
import { escapeName } from '../../src/dag/names.ts'
import { CairnError } from '../../src/errors.ts'
import { LIMITS } from '../../src/limits.ts'
import { type CommandContext, command as define, type FlagSpecs } from '../command.ts'
import { readAll, readInput } from '../input.ts'
import { print } from '../print.ts'

const flags = {
  verify: { type: 'string', value: 'NAME', doc: 'Check that it is a valid record of this key; exit code 6 if not' },
} as const satisfies FlagSpecs

export const command = define({
  args: [{ name: 'FILE', doc: 'A file with a record, - for stdin; or the name of a key, whose record is looked for' }],
  flags,
  examples: [
    'cairn name inspect k51….ipns-record --verify k51…',
    'cairn name inspect k51…',
    'curl -H "Accept: application/vnd.ipfs.ipns-record" https://example.org/ipns/k51… | cairn name inspect -',
  ],
  run: async context => {
    const { bytes, name: found } = await recordOf(context)
    const { inspectRecord } = await import('../../src/names/inspect.ts')
    const { parseKey } = await import('../../src/names/name.ts')
    const { verify } = context.flags
    const asked = verify ?? found
    const name = asked === undefined ? undefined : parseKey(asked)
    const { content, invalid } = await inspectRecord(bytes, { name, signal: context.signal })
    const valid = name === undefined ? undefined : invalid === ''
    const signature = content.hasV1 ? 'V1+V2' : 'V2'
    // Numbers of 64 bits: as text, for JSON readers round them.
    const [sequence, ttl] = [String(content.sequence), String(content.ttlNs / 1_000_000_000n)]
    const rows = [
      ['Value', escapeName(content.value)],
      ['Valid until', content.validity],
      ['Sequence', sequence],
      ['TTL', `${ttl} s`],
      ['Signature', signature],
      ['Size', `${bytes.byteLength} bytes`],
      ...(name === undefined ? [] : [['Name', name.text]]),
      ...(valid === undefined ? [] : [['Valid', valid ? 'yes' : `no: ${invalid}`]]),
    ]
    print(context, {
      json: {
        value: content.value,
        validity: content.validity,
        sequence,
        ttl,
        signature,
        size: bytes.byteLength,
        name: name?.text,
        valid,
        ...(invalid !== '' && { reason: invalid }),
      },
      quiet: escapeName(content.value),
      text: rows.map(([label = '', text]) => `${`${label}:`.padEnd(13)}${text}`).join('\n'),
    })
    if (valid === false) throw new CairnError('BAD_RECORD', invalid)
  },
})

async function recordOf({ args, io, session, signal }: CommandContext<typeof flags>) {
  const [given = ''] = args
  if (given === '-' || existsSync(given)) {
    return { bytes: await readAll(readInput(given, io), LIMITS.recordBytes.value, 'the record'), name: undefined }
  }
  const node = await session.open({ create: true })
  return node.names.record(given, { signal })
}
