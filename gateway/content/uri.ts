// Addresses that people paste and protocol handlers send, as content paths: ipfs://…, /ipfs/…, a bare CID, a gateway's URL (spec: gateway §1.8).

import { escapeName } from '../../src/dag/names.ts'
import { CairnError } from '../../src/errors.ts'
import { encodePath } from './names.ts'
import { parseRoot, parseSegments } from './request.ts'

/** `ipfs://` and `ipns://` only: what a browser hands to a registered protocol handler. */
export function locationOfUri(uri: string): string {
  const match = /^(ipfs|ipns):\/*([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#.*)?$/is.exec(uri.trim())
  if (match === null) throw new CairnError('BAD_REQUEST', 'the uri parameter must be an ipfs:// or ipns:// address')
  const [, scheme = '', root = '', path = '', query = ''] = match
  return contentLocation(scheme.toLowerCase() === 'ipns' ? 'ipns' : 'ipfs', root, path, query)
}

/** Whatever a person may have copied. */
export function locationOfInput(input: string): string {
  const text = input.trim()
  if (/^ip[fn]s:/i.test(text)) return locationOfUri(text)
  const onHost = /^https?:\/\/([^/?#.]+)\.(ip[fn]s)\.[^/?#]+(\/[^?#]*)?(?:\?([^#]*))?/is.exec(text)
  if (onHost !== null) {
    const [, label = '', namespace = '', path = '', query = ''] = onHost
    return contentLocation(namespace.toLowerCase() === 'ipns' ? 'ipns' : 'ipfs', label, path, query)
  }
  const onPath = /^(?:https?:\/\/[^/?#]+)?\/*(ip[fn]s)\/+([^/?#]+)([^?#]*)(?:\?([^#]*))?/is.exec(text)
  if (onPath !== null) {
    const [, namespace = '', root = '', path = '', query = ''] = onPath
    return contentLocation(namespace.toLowerCase() === 'ipns' ? 'ipns' : 'ipfs', root, path, query)
  }
  if (/^https?:/i.test(text)) {
    throw new CairnError('BAD_CID', `"${escapeName(text.slice(0, 200))}" has no /ipfs/CID or /ipns/NAME in it`)
  }
  const [, root = '', path = '', query = ''] = /^([^/?#]*)([^?#]*)(?:\?([^#]*))?/s.exec(text) ?? []
  return contentLocation('ipfs', root, path, query)
}

/** Never leads anywhere but into a namespace: the root is checked, the path encoded anew, the query kept. */
function contentLocation(namespace: 'ipfs' | 'ipns', root: string, path: string, query: string): string {
  if (namespace === 'ipfs') parseRoot(root)
  else if (!/^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?$/i.test(root)) {
    throw new CairnError('BAD_PATH', `"${escapeName(root.slice(0, 200))}" is not a name`)
  }
  const { names, hasSlash } = path === '' ? { names: [], hasSlash: false } : parseSegments(onlyAscii(path))
  return `/${namespace}/${root}${encodePath(names)}${hasSlash ? '/' : ''}${query === '' ? '' : `?${onlyAscii(query)}`}`
}

const onlyAscii = (text: string): string =>
  text.replace(/[^\x21-\x7e]+/g, characters => encodeURIComponent(characters.toWellFormed()))
