// A CID taken apart for people who have never seen one: each part with what it says.

import { html, raw } from 'hono/html'
import type { CID } from 'multiformats/cid'
import { hashByCode, IDENTITY } from '../../../src/block/hash.ts'
import { CODEC_NAMES } from '../../../src/dag/codecs.ts'
import type { Html } from './page.ts'
import { escapeText } from './place.ts'

const CODEC_WORDS: Record<string, string> = {
  raw: 'plain bytes, as they are',
  'dag-pb': 'a node of a file or folder (UnixFS)',
  'dag-cbor': 'structured data with links, in binary',
  'dag-json': 'structured data with links, as JSON text',
  cbor: 'structured data in binary',
  json: 'JSON text',
  'libp2p-key': 'a public key',
}

export const codecName = (code: number): string => CODEC_NAMES.get(code) ?? `codec 0x${code.toString(16)}`

export function cidParts(cid: CID): Html {
  const codec = codecName(cid.code)
  const hash = cid.multihash.code === IDENTITY ? 'identity' : hashByCode(cid.multihash.code).name
  const digest = Buffer.from(cid.multihash.digest).toString('hex')
  const rows: readonly (readonly [string, string, string])[] = [
    [
      'Version',
      String(cid.version),
      cid.version === 0 ? 'the old short form: always dag-pb and sha2-256' : 'self-describing',
    ],
    ['Codec', codec, CODEC_WORDS[codec] ?? 'a format this gateway does not read'],
    [
      'Hash',
      hash,
      hash === 'identity'
        ? 'no hash at all: the content itself is in the address'
        : 'computed over the bytes of the block',
    ],
    ['Digest', digest, ''],
  ]
  const row = ([term, value, words]: readonly [string, string, string]) =>
    `<div><dt>${term}</dt><dd><code translate="no">${escapeText(value)}</code>${words === '' ? '' : ` <span class="soft">${words}</span>`}</dd></div>`
  return html`<dl class="wide">${raw(rows.map(row).join(''))}</dl>`
}
