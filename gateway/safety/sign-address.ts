// Making a signed address of any address of content: a URL of a gateway, a path, a CID.

import { parseCid } from '../../src/block/cid.ts'
import { parseName } from '../../src/names/name.ts'
import { decodeSegment } from '../content/names.ts'
import { parseSegments } from '../content/request.ts'
import { locationOfInput } from '../content/uri.ts'
import { type Grant, PARAMETER, type SignedPlace, signPlace } from './signature.ts'

export interface SignedAddress {
  /** As it was given, or as a path, with the signature. */
  readonly address: string
  readonly place: SignedPlace
}

export function signAddress(text: string, grant: Grant, key: Uint8Array): SignedAddress {
  const [location = ''] = locationOfInput(text).split('?', 1)
  const [, namespace = 'ipfs', root = '', rest = ''] = /^\/(ip[fn]s)\/([^/]*)(.*)$/s.exec(location) ?? []
  const { names } = parseSegments(rest)
  const place: SignedPlace =
    namespace === 'ipfs'
      ? { namespace, root: parseCid(decodeSegment(root)).toV1().toString(), segments: names }
      : { namespace: 'ipns', root: parseName(decodeSegment(root)).text, segments: names }
  const given = /^https?:\/\//i.test(text.trim()) ? (text.trim().split('#', 1)[0] ?? '') : locationOfInput(text)
  const parameter = `${PARAMETER}=${signPlace(place, grant, key)}`
  return { address: `${given}${given.includes('?') ? '&' : '?'}${parameter}`, place }
}
