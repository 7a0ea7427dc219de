// The mutable file tree (MFS): a root folder that is edited by @helia/unixfs and kept as a row of `roots`.

import { CID } from 'multiformats/cid'
import { sha256 } from '../block/hash.ts'
import { describeEntry, resolvePath } from '../dag/resolve.ts'
import { CairnError, isCairnError } from '../errors.ts'
import type { Operation, Statement, Store } from '../store/store.ts'
import { operationBlockstore } from './blockstore.ts'

/** The UnixFS folder without entries: what a new MFS root is. */
const EMPTY_FOLDER = new Uint8Array([0x0a, 0x02, 0x08, 0x01])
const EMPTY_FOLDER_CID = CID.createV0(sha256(EMPTY_FOLDER))

export interface LinkOptions {
  readonly store: Store
  readonly operation: Operation
  readonly entries: readonly { readonly name: string; readonly cid: CID | undefined }[]
  /** `/dir/` links each entry under its own name in that folder; `/dir/name` links one entry as `name`. */
  readonly path: string
  readonly signal: AbortSignal
}

/** Links entries into the tree and returns the statements that make the new root current, if nobody changed it meanwhile. */
export async function linkInFiles({ store, operation, entries, path, signal }: LinkOptions): Promise<Statement[]> {
  const before = filesRoot(store)
  const target = parseTarget(path)
  let root = before ?? EMPTY_FOLDER_CID
  if (before === undefined) await operation.put({ cid: root, bytes: EMPTY_FOLDER, hasLinks: false })
  // What was added so far must be readable: the edit looks at it.
  await operation.flush()
  for (const { name, cid } of entries) {
    if (cid === undefined) continue
    const leaf = target.name ?? name
    if (leaf === '')
      throw new CairnError('USAGE', 'content without a name cannot be linked into a folder', {
        hint: 'name it: --to-files /folder/name',
      })
    root = await link({ store, operation, root, folders: target.folders, name: leaf, cid, signal })
  }
  return becomes(before, root)
}

export function filesRoot(store: Store): CID | undefined {
  const row = store.database.get<{ cid: Uint8Array }>("SELECT cid FROM roots WHERE kind = 'mfs' AND key = '/'")
  return row === undefined ? undefined : CID.decode(row.cid)
}

function parseTarget(path: string): { folders: string[]; name: string | undefined } {
  if (!path.startsWith('/')) throw new CairnError('USAGE', `paths must start with a leading slash: "${path}"`)
  const segments = path.split('/').filter(segment => segment !== '')
  if (path.endsWith('/')) return { folders: segments, name: undefined }
  return { folders: segments.slice(0, -1), name: segments.at(-1) }
}

interface Link {
  readonly store: Store
  readonly operation: Operation
  readonly root: CID
  readonly folders: readonly string[]
  readonly name: string
  readonly cid: CID
  readonly signal: AbortSignal
}

/** Copies `cid` into the innermost folder, then each parent anew up to the root. */
async function link({ store, operation, root, folders, name, cid, signal }: Link): Promise<CID> {
  const { unixfs } = await import('@helia/unixfs')
  const blockstore = operationBlockstore(store, operation)
  const files = unixfs({ blockstore })
  const chain: CID[] = [root]
  for (const folder of folders) chain.push(await child(store, chain.at(-1) as CID, folder, signal))
  let changed = await files.cp(cid, chain.pop() as CID, name, { signal }).catch(explain(name))
  for (const folder of folders.toReversed()) {
    changed = await files.cp(changed, chain.pop() as CID, folder, { force: true, signal })
  }
  return changed
}

const explain = (name: string) => (error: Error) => {
  if (error.name !== 'AlreadyExistsError') throw error
  throw new CairnError('BAD_REQUEST', 'directory already has entry by that name', {
    cause: error,
    hint: `"${name}" is there already; choose another name`,
  })
}

async function child(source: Store, parent: CID, name: string, signal: AbortSignal): Promise<CID> {
  try {
    const { cid } = await resolvePath(source, { root: parent, segments: [name] }, { signal })
    if ((await describeEntry(source, cid, { signal })).kind === 'directory') return cid
  } catch (error) {
    if (!isCairnError(error, 'NO_LINK')) throw error
  }
  throw new CairnError('NOT_FOUND', `the folder "${name}" does not exist in the files tree`, {
    hint: 'link a folder there first: `cairn add --to-files`',
  })
}

function becomes(before: CID | undefined, after: CID): Statement[] {
  const moved = {
    changes: 1,
    otherwise: { code: 'NOT_FOUND', message: 'the files tree was changed by another process meanwhile; add again' },
  } as const
  const put: Statement =
    before === undefined
      ? {
          sql: "INSERT OR IGNORE INTO roots (kind, key, cid) VALUES ('mfs', '/', ?)",
          params: [after.bytes],
          expect: moved,
        }
      : {
          sql: "UPDATE roots SET cid = ? WHERE kind = 'mfs' AND key = '/' AND cid = ?",
          params: [after.bytes, before.bytes],
          expect: moved,
        }
  return [put, { sql: "UPDATE meta SET value = value + 1 WHERE key = 'roots_version'", params: [] }]
}
