// CIDs as the caller wants to read them: `cid-base` and `upgrade-cidv0-in-output` (spec: kubo-rpc §1.3).

import { bases } from 'multiformats/basics'
import type { CID, MultibaseEncoder } from 'multiformats/cid'
import { toV1 } from '../../src/block/cid.ts'
import { failure } from './errors.ts'

const BY_NAME = new Map<string, MultibaseEncoder<string>>(
  Object.values(bases).map(base => [base.name, base.encoder as MultibaseEncoder<string>]),
)

/** By default v0 stays base58 and v1 is base32; any base but base58btc makes v0 a v1, unless that is refused. */
export function cidFormatter(cidBase: string, upgradeV0: boolean | undefined): (cid: CID) => string {
  if (cidBase === '' && upgradeV0 !== true) return String
  const upgrade = upgradeV0 ?? cidBase !== 'base58btc'
  return cid => {
    const encoder = encoderOf(cidBase === '' ? 'base32' : cidBase)
    if (cid.version === 0 && !upgrade) return cid.toString()
    return toV1(cid).toString(encoder)
  }
}

export function encoderOf(name: string): MultibaseEncoder<string> {
  const encoder = BY_NAME.get(name)
  if (encoder === undefined) throw failure(`unsupported multibase encoding: ${name}`)
  return encoder
}
