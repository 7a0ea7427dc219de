// Content paths that begin with a name, as people write them: `/ipns/<name>/a/b`, `ipns://<name>/a%20b`.

import type { ContentPath } from '../api/content.ts'
import type { NamesApi, NameWait } from '../api/names.ts'
import { normalizeSegments } from '../dag/path.ts'
import { CairnError } from '../errors.ts'
import { enforce } from '../limits.ts'
import { shown } from './name.ts'
import { below } from './target.ts'

/** Where it leads now. BAD_PATH, and whatever resolving the name may say. */
export async function followPath(names: Pick<NamesApi, 'resolve'>, text: string, wait: NameWait): Promise<ContentPath> {
  enforce('pathBytes', Buffer.byteLength(text), 'content path')
  const [name = '', ...segments] = partsOf(text)
  const kept = normalizeSegments(segments, text)
  const { path } = await names.resolve(name, wait)
  return below(path, kept)
}

function partsOf(text: string): string[] {
  if (text.startsWith('/ipns/')) return text.slice('/ipns/'.length).split('/')
  const path = text.replace(/^ipns:(?:\/\/)?/i, '').replace(/[?#].*$/s, '')
  try {
    return path.split('/').map(decodeURIComponent)
  } catch (cause) {
    throw new CairnError('BAD_PATH', `invalid path "${shown(text)}": a percent sign is not followed by two digits`, {
      cause,
    })
  }
}
