// The options of `add` in Kubo's words, checked with Kubo's texts, as options of an import.

import type { AddOptions } from '../../src/api/add.ts'
import { LIMITS } from '../../src/limits.ts'
import { bool, int, int64, type Options, text, uint, type Values } from './command.ts'
import { failure } from './errors.ts'

/** Those for walking local folders and for text output belong to the command line and are ignored. */
export const ADD_OPTIONS = {
  silent: bool(false),
  progress: bool(false, 'p'),
  'only-hash': bool(false, 'n'),
  'wrap-with-directory': bool(false, 'w'),
  pin: bool(true),
  'pin-name': text(''),
  'to-files': text(undefined),
  'cid-version': int(undefined),
  hash: text(undefined),
  'raw-leaves': bool(undefined),
  chunker: text(undefined, 's'),
  trickle: bool(false, 't'),
  'max-file-links': int(undefined),
  'max-directory-links': int(undefined),
  'max-hamt-fanout': int(undefined),
  inline: bool(false),
  'inline-limit': int(32),
  nocopy: bool(false),
  'preserve-mode': bool(false),
  'preserve-mtime': bool(false),
  mode: uint(0),
  mtime: int64(0),
  'mtime-nsecs': uint(0),
} satisfies Options

type Given = Values<typeof ADD_OPTIONS>

/** Without options an add is Kubo's without a profile, whatever `import.profile` says: clients expect its CIDs. */
export function addOptions(given: Given, signal: AbortSignal): AddOptions {
  checkPlace(given)
  checkShape(given)
  return defined({
    profile: 'kubo-default' as const,
    signal,
    onlyHash: given['only-hash'],
    wrapWithDirectory: given['wrap-with-directory'],
    pin: given.pin,
    pinName: given['pin-name'],
    toFiles: given['to-files'],
    cidVersion: given['cid-version'] as 0 | 1 | undefined,
    hash: given.hash,
    rawLeaves: given['raw-leaves'],
    chunker: given.chunker,
    trickle: given.trickle,
    maxFileLinks: given['max-file-links'],
    maxDirectoryLinks: given['max-directory-links'],
    maxHamtFanout: given['max-hamt-fanout'],
    inline: given.inline,
    inlineLimit: given['inline-limit'],
    preserveMode: given['preserve-mode'],
    preserveMtime: given['preserve-mtime'],
    mode: given.mode,
    mtime: given.mtime,
    mtimeNsecs: given['mtime-nsecs'],
  })
}

/** Where it goes: pins and files. */
function checkPlace(given: Given): void {
  const { 'pin-name': pinName, 'to-files': toFiles } = given
  const nameBytes = Buffer.byteLength(pinName)
  const most = LIMITS.pinNameBytes.value
  if (pinName !== '' && !given.pin) throw failure('pin-name option requires pin to be set')
  if (nameBytes > most) throw failure(`pin name is ${nameBytes} bytes (max ${most} bytes)`)
  if (toFiles !== undefined && given['wrap-with-directory']) throw incompatible('wrap-with-directory')
  if (toFiles !== undefined && given['only-hash']) throw incompatible('only-hash')
  if (given.nocopy) {
    throw failure(
      'either the filestore or the urlstore must be enabled to use nocopy, see: https://github.com/ipfs/kubo/blob/master/docs/experimental-features.md#ipfs-filestore',
    )
  }
}

const incompatible = (option: string) => failure(`${option} and to-files options are not compatible`)

/** What blocks it becomes. */
function checkShape(given: Given): void {
  const { hash = 'sha2-256', 'cid-version': cidVersion, 'inline-limit': inlineLimit, 'max-hamt-fanout': fanout } = given
  const hasMetadata = given['preserve-mode'] || given['preserve-mtime'] || given.mode !== 0 || given.mtime !== 0
  if (given['mtime-nsecs'] !== 0 && given.mtime === 0) {
    throw failure('option "mtime-nsecs" requires "mtime" to be provided as well')
  }
  if (given['raw-leaves'] === true && hasMetadata) {
    throw failure("raw-leaves can't be used with UnixFS metadata like mode or modification time")
  }
  if (inlineLimit > LIMITS.identityBytes.value) {
    throw failure(`inline-limit ${inlineLimit} exceeds maximum allowed size of ${LIMITS.identityBytes.value} bytes`)
  }
  if (cidVersion !== undefined && cidVersion !== 0 && cidVersion !== 1) {
    throw failure(`unknown CID version: ${cidVersion}`)
  }
  if (cidVersion === 0 && hash !== 'sha2-256') throw failure('CIDv0 only supports sha2-256')
  if (fanout !== undefined && (!Number.isInteger(Math.log2(fanout)) || fanout < 8 || fanout > 1024)) {
    throw failure(`HAMT fanout must be a power of 2, between 8 and 1024 (got ${fanout})`)
  }
  checkChunker(given.chunker ?? 'size-262144')
}

/** 2 MiB less the framing of a block. */
const MAX_CHUNK_BYTES = 2_096_896

function checkChunker(chunker: string): void {
  const numbers = /^(?:size|rabin)-(\d+(?:-\d+)*)$/.exec(chunker)?.[1]?.split('-').map(Number)
  if (numbers === undefined && !['rabin', 'buzhash', 'default', ''].includes(chunker)) {
    throw failure(`unrecognized chunker option: ${chunker}`)
  }
  if (numbers?.some(bytes => bytes > MAX_CHUNK_BYTES)) {
    throw failure(`chunker parameters may not exceed the maximum chunk size of ${MAX_CHUNK_BYTES}`)
  }
}

type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>
}

/** Options that were not given are absent, not undefined. */
function defined<T extends object>(options: T): Defined<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Defined<T>
}
