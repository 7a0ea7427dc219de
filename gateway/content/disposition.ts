// Content-Disposition: whether an answer is shown or saved, and under which name (spec: gateway §2.3).

import { encodeValue } from './names.ts'

/** A name longer than this is cut: it goes into a header, and no file system takes more. */
const NAME_CODE_POINTS = 1024

/** Each non-ASCII code point becomes one `_` in the plain name; the whole name follows in UTF-8. */
export function disposition(kind: 'inline' | 'attachment', name: string): string {
  const points = [...name.toWellFormed()].slice(0, NAME_CODE_POINTS)
  const utf8 = encodeName(points.join(''))
  const ascii = encodeName(points.map(point => ((point.codePointAt(0) ?? 0) > 0x7f ? '_' : point)).join(''))
  return `${kind}; filename="${ascii}"; filename*=UTF-8''${utf8}`
}

/** Kubo's encoding: everything but what a path segment may hold literally, which is safe inside quotes. */
const encodeName = (name: string): string => encodeValue(name).replace(/%(?:24|26|2B|3A|3D|40)/g, decodeURIComponent)
