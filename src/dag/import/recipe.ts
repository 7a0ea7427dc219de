// Turns the options of an import into a recipe: every choice made, checked, and as Kubo would make it.

import type { ImportOptions, ImportProfile } from '../../api/add.ts'
import { hashByName, IDENTITY, SHA2_256 } from '../../block/hash.ts'
import { CairnError } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import { type Chunker, parseChunker } from './chunker.ts'
import type { Metadata, MetadataRules } from './metadata.ts'

export interface Recipe {
  readonly cidVersion: 0 | 1
  /** Multihash code. */
  readonly hash: number
  readonly rawLeaves: boolean
  readonly chunker: Chunker
  readonly trickle: boolean
  /** Most children of a file node. */
  readonly fileLinks: number
  /** Most entries of a folder that is not sharded; 0: only its size counts. */
  readonly folderLinks: number
  readonly fanout: number
  /** What is compared with 256 KiB: names and CIDs alone, or the whole block (IPIP-499). */
  readonly folderSize: 'links' | 'block'
  /** Blocks up to this size become identity CIDs; -1: none. */
  readonly inlineLimit: number
  readonly metadata: MetadataRules
}

type Profile = Pick<Recipe, 'fileLinks' | 'folderSize'> & {
  readonly chunker: string
  readonly cidVersion?: 0 | 1
  readonly rawLeaves?: boolean
}

/** `kubo-default` is Kubo without a profile: as v0, but what is left open follows from the options given. */
const PROFILES: Record<ImportProfile, Profile> = {
  'unixfs-v1-2025': { cidVersion: 1, rawLeaves: true, chunker: 'size-1048576', fileLinks: 1024, folderSize: 'block' },
  'unixfs-v0-2015': { cidVersion: 0, rawLeaves: false, chunker: 'size-262144', fileLinks: 174, folderSize: 'links' },
  'kubo-default': { chunker: 'size-262144', fileLinks: 174, folderSize: 'links' },
}

const usage = (message: string, hint?: string): CairnError =>
  new CairnError('USAGE', message, hint === undefined ? {} : { hint })

/** USAGE, UNSUPPORTED_HASH or LIMIT for options that make no sense; nothing has been read by then. */
export function recipeOf(options: ImportOptions): Recipe {
  const profile = PROFILES[options.profile ?? 'unixfs-v1-2025']
  if (profile === undefined) throw usage(`unknown import profile "${options.profile}"`)
  const metadata = metadataRules(options)
  const { cidVersion, hash } = addressing(options, profile)
  return {
    cidVersion,
    hash,
    rawLeaves: leaves(options, profile, { cidVersion, metadata }),
    chunker: parseChunker(options.chunker || profile.chunker),
    trickle: options.trickle ?? false,
    ...shape(options, profile),
    folderSize: profile.folderSize,
    inlineLimit: inlineLimit(options),
    metadata,
  }
}

function addressing(options: ImportOptions, profile: Profile): { cidVersion: 0 | 1; hash: number } {
  const name = (options.hash ?? 'sha2-256').toLowerCase()
  // `sha3` is a name that go-multihash keeps for sha3-512.
  const hash = name === 'identity' ? IDENTITY : hashByName(name === 'sha3' ? 'sha3-512' : name).code
  const cidVersion = options.cidVersion ?? profile.cidVersion ?? (hash === SHA2_256 ? 0 : 1)
  if (cidVersion !== 0 && cidVersion !== 1) throw usage(`unknown CID version ${cidVersion}: there are 0 and 1`)
  if (cidVersion === 0 && hash !== SHA2_256)
    throw usage(`CIDv0 is for sha2-256 only, not for ${name}`, 'add --cid-version=1')
  return { cidVersion, hash }
}

function leaves(
  options: ImportOptions,
  profile: Profile,
  { cidVersion, metadata }: { cidVersion: 0 | 1; metadata: MetadataRules },
): boolean {
  const wanted = options.rawLeaves ?? profile.rawLeaves
  const { forced, preserveMode, preserveMtime } = metadata
  const keepsMetadata = preserveMode || preserveMtime || forced.mode !== undefined || forced.mtime !== undefined
  if (!keepsMetadata) return wanted ?? cidVersion === 1
  if (wanted === true)
    throw usage('raw leaves have no room for a mode or a modification time', 'add --raw-leaves=false')
  return false
}

function shape(options: ImportOptions, profile: Profile): Pick<Recipe, 'fileLinks' | 'folderLinks' | 'fanout'> {
  const fileLinks = options.maxFileLinks ?? profile.fileLinks
  if (!Number.isSafeInteger(fileLinks) || fileLinks < 2)
    throw usage(`a file node needs room for at least 2 links, not ${fileLinks}`)
  const folderLinks = options.maxDirectoryLinks ?? 0
  if (!Number.isSafeInteger(folderLinks) || folderLinks < 0)
    throw usage(`the most links of a folder cannot be ${folderLinks}`)
  const fanout = options.maxHamtFanout ?? 256
  if (!Number.isInteger(Math.log2(fanout)) || fanout < 8 || fanout > 1024)
    throw usage(`the HAMT fan-out must be a power of 2 from 8 to 1024, not ${fanout}`)
  return { fileLinks, folderLinks, fanout }
}

function inlineLimit({ inline, inlineLimit: limit = 32 }: ImportOptions): number {
  if (inline !== true) return -1
  const most = LIMITS.identityBytes.value
  if (!(limit <= most)) throw usage(`blocks of up to ${most} bytes can be inlined, not of ${limit}`)
  return limit
}

/** A mode or mtime of zero stores nothing, and only the nine permission bits of a forced mode count, as in Kubo. */
function metadataRules(options: ImportOptions): MetadataRules {
  const { mode = 0, mtime = 0, mtimeNsecs = 0 } = options
  if (!Number.isSafeInteger(mode) || mode < 0) throw usage(`${mode} is not a mode`, 'write it in octal, such as 0644')
  if (!Number.isSafeInteger(mtime)) throw usage(`${mtime} is not a time in seconds since 1970`)
  if (mtimeNsecs !== 0 && mtime === 0) throw usage('nanoseconds need the seconds too', 'add --mtime')
  if (!Number.isInteger(mtimeNsecs) || mtimeNsecs < 0 || mtimeNsecs > 999_999_999)
    throw usage(`the nanoseconds of a time are from 0 to 999999999, not ${mtimeNsecs}`)
  const forced: Metadata = {
    ...(mode !== 0 && { mode: mode & 0o777 }),
    ...(mtime !== 0 && { mtime: { secs: BigInt(mtime), nsecs: mtimeNsecs } }),
  }
  return {
    forced,
    preserveMode: options.preserveMode === true && mode === 0,
    preserveMtime: options.preserveMtime === true && mtime === 0,
  }
}
