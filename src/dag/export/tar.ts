// Writing TAR archives as a stream: ustar, with pax records for what does not fit into it.

import { CairnError } from '../../errors.ts'
import { bytesOfName, checkArchiveName } from '../names.ts'
import type { Content } from './entry-content.ts'
import { Gathered, isLarge } from './gather.ts'

export interface TarEntry {
  /** Each segment is checked: nothing in an archive of ours may be unpacked outside its folder. */
  readonly path: readonly string[]
  readonly kind: 'file' | 'directory' | 'symlink'
  readonly mode?: number | undefined
  readonly mtime: { readonly secs: bigint; readonly nsecs: number }
  /** Symlinks only. */
  readonly target?: string | undefined
  /** Files only: exactly `sizeBytes` of them. */
  readonly sizeBytes: number
  readonly content?: Content
}

const BLOCK = 512
const END = Buffer.alloc(2 * BLOCK)
const NAME_BYTES = 100
/** What eleven octal digits can say. */
const MAX_OCTAL = 8 ** 11 - 1

const TYPES = { file: '0', directory: '5', symlink: '2' }
const MODES = { file: 0o644, directory: 0o755, symlink: 0o777 }

/** With `reuse` a piece may be overwritten when the next one is asked for, and the content of entries likewise. */
export async function* writeTar(
  entries: AsyncIterable<TarEntry>,
  options: { readonly reuse?: boolean } = {},
): AsyncGenerator<Uint8Array> {
  const out = new Gathered(options)
  for await (const entry of entries) {
    for (const segment of entry.path) checkArchiveName(segment)
    const before = out.put(entryHead(entry))
    if (before !== undefined) yield before
    if (entry.kind !== 'file' || entry.content === undefined) continue
    let written = 0
    for await (const piece of entry.content) {
      written += piece.byteLength
      if (written > entry.sizeBytes) break
      const full = isLarge(piece) ? out.take() : out.put(piece)
      if (full !== undefined) yield full
      if (isLarge(piece)) yield piece
    }
    checkLength(entry, written)
    const full = out.put(padding(written))
    if (full !== undefined) yield full
  }
  const full = out.put(END)
  if (full !== undefined) yield full
  const rest = out.take()
  if (rest !== undefined) yield rest
}

/** A size once written cannot be taken back: content of another length would shift everything behind it. */
function checkLength({ path, sizeBytes }: TarEntry, written: number): void {
  if (written !== sizeBytes)
    throw new CairnError('BAD_BLOCK', `${path.join('/')} does not have the ${sizeBytes} bytes that it announces`)
}

const padding = (length: number): Uint8Array => END.subarray(0, (BLOCK - (length % BLOCK)) % BLOCK)

function entryHead(entry: TarEntry): Buffer {
  const { kind, mtime, target = '' } = entry
  // No slash after a folder: the type says what it is, and Kubo's reader takes one for a further component.
  const name = entry.path.join('/')
  const sizeBytes = kind === 'file' ? entry.sizeBytes : 0
  const records: [string, string][] = []
  if (!fits(name)) records.push(['path', name])
  if (!fits(target)) records.push(['linkpath', target])
  if (sizeBytes > MAX_OCTAL) records.push(['size', String(sizeBytes)])
  if (mtime.nsecs > 0 || mtime.secs < 0n || mtime.secs > MAX_OCTAL) records.push(['mtime', formatTime(mtime)])
  const mode = (entry.mode ?? MODES[kind]) & 0o7777
  const secs = mtime.secs < 0n || mtime.secs > MAX_OCTAL ? 0 : Number(mtime.secs)
  const own = header({ name, type: TYPES[kind], sizeBytes: Math.min(sizeBytes, MAX_OCTAL), mode, secs, target })
  return records.length === 0 ? own : Buffer.concat([paxEntry(records), own])
}

/** Readers without pax see names in one encoding only. */
function fits(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is what is meant
  return Buffer.byteLength(text) <= NAME_BYTES && /^[\x00-\x7f]*$/.test(text)
}

function formatTime({ secs, nsecs }: TarEntry['mtime']): string {
  if (nsecs === 0) return String(secs)
  // A time before 1970 with a fraction counts up from the second below it, its decimal form counts down.
  const [whole, fraction] = secs < 0n ? [secs + 1n, 1_000_000_000 - nsecs] : [secs, nsecs]
  const sign = secs < 0n && whole === 0n ? '-' : ''
  return `${sign}${whole}.${String(fraction).padStart(9, '0').replace(/0+$/, '')}`
}

function paxEntry(records: readonly (readonly [string, string])[]): Buffer {
  const body = Buffer.concat(records.map(([key, value]) => paxRecord(key, value)))
  const head = header({ name: 'PaxHeaders.0', type: 'x', sizeBytes: body.length, mode: 0o644, secs: 0, target: '' })
  return Buffer.concat([head, body, padding(body.length)])
}

/** `<length> <key>=<value>\n`, where the length counts itself. */
function paxRecord(key: string, value: string): Buffer {
  const record = Buffer.concat([Buffer.from(` ${key}=`), bytesOfName(value), Buffer.from('\n')])
  const rest = record.byteLength
  let length = rest + String(rest).length
  if (rest + String(length).length > length) length++
  return Buffer.concat([Buffer.from(String(length)), record])
}

interface Fields {
  readonly name: string
  readonly type: string
  readonly sizeBytes: number
  readonly mode: number
  readonly secs: number
  readonly target: string
}

/** What all heads have in common. */
const TEMPLATE = Buffer.alloc(BLOCK)
TEMPLATE.write('0000000\u00000000000\u00000000000', 100, 'latin1')
TEMPLATE.write('ustar\u000000', 257, 'latin1')

function header({ name, type, sizeBytes, mode, secs, target }: Fields): Buffer {
  const block = Buffer.from(TEMPLATE)
  writeName(block, name, 0)
  octal(block, { value: mode, at: 100, digits: 7 })
  octal(block, { value: sizeBytes, at: 124, digits: 11 })
  octal(block, { value: secs, at: 136, digits: 11 })
  block[156] = type.charCodeAt(0)
  if (target !== '') writeName(block, target, 157)
  // The sum is taken as if its own field were blank.
  let sum = 8 * 0x20
  for (let at = 0; at < BLOCK; at++) sum += block[at] as number
  octal(block, { value: sum, at: 148, digits: 6 })
  block[155] = 0x20
  return block
}

/** Whole characters where it is text: what does not fit stands in full in a pax record. */
function writeName(block: Buffer, name: string, at: number): void {
  if (name.isWellFormed()) block.write(name, at, NAME_BYTES)
  else block.set(bytesOfName(name).subarray(0, NAME_BYTES), at)
}

function octal(block: Buffer, { value, at, digits }: { value: number; at: number; digits: number }): void {
  // Beyond 32 bits there are no shifts.
  for (let index = at + digits - 1, rest = value; index >= at; index--) {
    block[index] = 0x30 + (rest % 8)
    rest = Math.floor(rest / 8)
  }
}
