// Which blocks a check reads and hashes: all, none, a random share, or the n-th of m parts that together are all.

import type { ReadSubset } from '../../api/repo.ts'
import { CairnError } from '../../errors.ts'
import { parseSize } from '../../units.ts'

export function readsOf(readData: boolean | ReadSubset, blockBytes: number): (mh: Uint8Array) => boolean {
  if (typeof readData === 'boolean') return () => readData
  if ('part' in readData) {
    const { part, of } = readData
    return mh => partOf(mh, of) === part - 1
  }
  const share = 'share' in readData ? readData.share : readData.sizeBytes / Math.max(1, blockBytes)
  return () => Math.random() < share
}

/** The end of a digest is evenly spread, whatever the hash function. */
function partOf(mh: Uint8Array, of: number): number {
  const end = Buffer.from(mh.buffer, mh.byteOffset, mh.byteLength)
  return end.readUInt32BE(mh.byteLength - 4) % of
}

/** `5%`, `1/20` or `500M`; USAGE. */
export function parseSubset(text: string): ReadSubset {
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(text)?.[1]
  if (percent !== undefined && Number(percent) > 0 && Number(percent) <= 100) return { share: Number(percent) / 100 }
  const [, part = '', of = ''] = /^(\d+)\/(\d+)$/.exec(text) ?? []
  if (Number(part) >= 1 && Number(part) <= Number(of)) return { part: Number(part), of: Number(of) }
  if (/^\d+(?:\.\d+)?[a-z]+$/i.test(text)) return { sizeBytes: parseSize(text) }
  throw new CairnError('USAGE', `"${text}" is no part of the data`, {
    hint: 'write a share as 5%, the third of twenty parts as 3/20, or an amount as 500M',
  })
}
