// A streaming multipart reader: parts one after the other, constant memory, no limit on their number or length (spec: kubo-rpc §1.9).

import type { IncomingHttpHeaders } from 'node:http'
import { CairnError } from '../../src/errors.ts'
import { enforce } from '../../src/limits.ts'
import { ByteReader } from './byte-reader.ts'
import { failure } from './errors.ts'
import { parseHeaderLines, parseParameters } from './headers.ts'
import { queryUnescape } from './query.ts'

export interface BodyPart {
  readonly kind: 'file' | 'directory' | 'symlink'
  /** Cleaned, so that nothing escapes the root; empty for the single unnamed file. */
  readonly path: readonly string[]
  /** What the part's name says after `?`: `mode`, `mtime`, `mtime-nsecs`. */
  readonly metadata: URLSearchParams
  /** To be read before the next part is asked for; what is left is skipped. */
  readonly content: AsyncIterable<Uint8Array>
}

const CRLF = Buffer.from('\r\n')
/** Nothing has to follow it, not even a line end. */
const LAST = Buffer.from('--')

/** The boundary, if this body is multipart at all; refused (400) if it names none. */
export function boundaryOf(headers: IncomingHttpHeaders): string | undefined {
  const { value, parameters } = parseParameters(headers['content-type'] ?? '')
  if (!/^multipart\/(form-data|mixed)$/i.test(value)) return undefined
  const boundary = parameters.get('boundary')
  if (boundary === undefined || boundary === '') {
    throw new CairnError('USAGE', 'no multipart boundary param in Content-Type')
  }
  return boundary
}

export async function* readParts(body: AsyncIterable<Uint8Array>, boundary: string): AsyncGenerator<BodyPart> {
  const delimiter = Buffer.from(`\r\n--${boundary}`)
  // The first boundary has no line before it: giving it one spares a special case, and skips a preamble.
  const reader = new ByteReader(body, CRLF)
  await skip(reader.until(delimiter, cutShort))
  while (!(await isLast(reader))) {
    const headers = await readHeaders(reader)
    let ended = false
    const content = (async function* () {
      yield* reader.until(delimiter, cutShort)
      ended = true
    })()
    yield describe(headers, content)
    if (!ended) await skip(reader.until(delimiter, cutShort))
  }
}

async function skip(content: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of content);
}

/** After a delimiter: `--` ends the body, a line end begins a part. */
async function isLast(reader: ByteReader): Promise<boolean> {
  if (LAST.equals(await reader.peek(LAST.length))) return true
  const line = await reader.line(cutShort)
  if (line.trim() !== '') throw failure('multipart: expecting a new Part')
  return false
}

async function readHeaders(reader: ByteReader): Promise<ReadonlyMap<string, string>> {
  const lines: string[] = []
  let bytes = 0
  for (let line = await reader.line(cutShort); line !== ''; line = await reader.line(cutShort)) {
    bytes += line.length
    enforce('headerBytes', bytes, 'headers of one part')
    lines.push(line)
  }
  return parseHeaderLines(lines)
}

function describe(headers: ReadonlyMap<string, string>, content: AsyncIterable<Uint8Array>): BodyPart {
  const { parameters } = parseParameters(headers.get('content-disposition') ?? '')
  const { value: type } = parseParameters(headers.get('content-type') ?? '')
  if (type.startsWith('multipart/')) throw failure('nested multipart bodies are not supported')
  const given = (parameters.get('filename') ?? '').split('/').at(-1) ?? ''
  const name = parameters.get('name') ?? ''
  const kind = type === 'application/x-directory' ? 'directory' : type === 'application/symlink' ? 'symlink' : 'file'
  return {
    kind,
    path: cleanPath(queryUnescape(given) ?? given),
    metadata: new URLSearchParams(name.includes('?') ? name.slice(name.indexOf('?') + 1) : ''),
    content,
  }
}

function cleanPath(path: string): string[] {
  const segments: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop()
    else if (segment !== '' && segment !== '.') segments.push(segment)
  }
  return segments
}

function cutShort(): never {
  throw failure('multipart: NextPart: EOF')
}
