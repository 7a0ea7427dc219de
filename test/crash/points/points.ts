// The named points of the product at which tests stop, cut the power, or let somebody else go first; put in by patches.

import { installPatches, type Patch } from '../planted/patch.ts'

interface Point {
  readonly name: string
  readonly file: string
  /** Exactly one of the two: the text before or after which it stands. */
  readonly before?: string | RegExp
  readonly after?: string | RegExp
  /** In synchronous code: inside a transaction, where nobody can wait. */
  readonly sync?: true
}

/** Under the write mutex: whoever is stopped there keeps everybody from writing. */
export const UNDER_MUTEX: ReadonlySet<string> = new Set([
  'transaction: locked',
  'transaction: begun',
  'transaction: before COMMIT',
  'transaction: committed',
  'lease: row',
  'file: renamed',
  'dead: unlinked',
])

const COMMITTER = 'src/store/write/committer.ts'
const DATABASE = 'src/store/database/database.ts'
const PACKS = 'src/store/write/packs.ts'
const FILES = 'src/store/write/files.ts'
const LEASES = 'src/store/write/leases.ts'
const OPERATION = 'src/store/write/operation.ts'
const GC = 'src/pins/gc.ts'
const SWEEP = 'src/store/collect/sweep.ts'
const DEAD = 'src/store/collect/dead.ts'
const COMPACT = 'src/store/collect/compact.ts'
const SETTLE = 'src/store/collect/settle-packs.ts'
const PIN = 'src/pins/add.ts'
const WALK = 'src/pins/walk-row.ts'
const PRESENT = 'src/pins/present.ts'

export const POINTS: readonly Point[] = [
  { name: 'commit: looked', file: COMMITTER, before: 'const prepared: Prepared = {' },
  { name: 'commit: before data', file: COMMITTER, before: 'await this.#makeDurable(prepared)' },
  { name: 'commit: data durable', file: COMMITTER, before: 'const last = () =>' },
  { name: 'commit: committed', file: COMMITTER, before: 'if (prepared.landed !== undefined && (await' },
  { name: 'transaction: asked', file: DATABASE, before: 'return await this.#lock.run(' },
  {
    name: 'transaction: locked',
    file: DATABASE,
    before: "this.#connection.exec('PRAGMA busy_timeout = 0')",
    sync: true,
  },
  { name: 'transaction: begun', file: DATABASE, before: 'const result = work(this)', sync: true },
  { name: 'transaction: before COMMIT', file: DATABASE, before: "this.#connection.exec('COMMIT')", sync: true },
  { name: 'transaction: committed', file: DATABASE, after: "this.#connection.exec('COMMIT')", sync: true },
  { name: 'pack: row', file: PACKS, before: /const fd = [^\n]*[oO]pen\w*File\(/ },
  { name: 'pack: written', file: PACKS, before: /[^\n]*\.\.\.syncs, syncData\(pack\.fd\)/ },
  { name: 'file: written', file: FILES, after: 'await handle.writeFile(bytes)' },
  { name: 'file: renamed', file: FILES, after: 'renameSync(temp, file)', sync: true },
  { name: 'lease: row', file: LEASES, before: 'const lock = takeLock(leaseFile(path, id))', sync: true },
  { name: 'lease: closed', file: LEASES, before: 'lock[Symbol.dispose]()' },
  { name: 'keep: looked', file: OPERATION, before: 'await this.#meet(cid, {' },
  { name: 'finish: begins', file: OPERATION, before: "await this.#options.writer.run({ type: 'finish'" },
  { name: 'pin: row', file: PIN, before: 'using _ = await slots.enter(signal)' },
  { name: 'pin: walked', file: WALK, before: 'await operation.finish([completeStatement(' },
  { name: 'pin: looked through', file: PRESENT, before: 'await store.write(pin(present))' },
  { name: 'gc: epoch open', file: GC, before: 'const startedAt = performance.now()' },
  {
    name: 'gc: marked',
    file: GC,
    after: "yield* whileRunning(marks.markRoots(), () => ({ stage: 'mark', done: marks.size, total: blocks }))",
  },
  { name: 'gc: swept', file: GC, before: 'const freed = { bytes: 0 }' },
  { name: 'gc: settled', file: GC, before: 'const total = sparse.reduce(' },
  { name: 'sweep: page read', file: SWEEP, before: 'if (dryRun && victims.length > 0) yield victims' },
  { name: 'sweep: dropped', file: SWEEP, before: "if (outcome === 'roots changed') {" },
  { name: 'settle: sealed', file: SETTLE, before: 'const again = ' },
  { name: 'dead: page read', file: DEAD, after: 'afterId = last.id' },
  { name: 'dead: unlinked', file: DEAD, before: 'books.close()', sync: true },
  { name: 'compact: read', file: COMPACT, before: 'const landed = await withReserve(' },
  {
    name: 'compact: landed',
    file: COMPACT,
    before: 'await transactGently(this.#store, this.#wait, tx => this.#moveRows(',
  },
  { name: 'compact: moved', file: COMPACT, before: 'await this.#writer.committed(landed)' },
  { name: 'compact: retired', file: COMPACT, after: 'await transactGently(store, options, tx => retire(tx, pass))' },
]

/** Called at every point; what an asynchronous one returns is awaited. */
export type AtPoint = (name: string) => void | Promise<void>

declare global {
  var cairnAtPoint: AtPoint | undefined
}

/** Must run before the product is loaded: what uses it is imported dynamically. */
export function installPoints(): void {
  installPatches(POINTS.map(point => ({ name: point.name, patches: [patchOf(point)] })))
}

export function patchOf({ name, file, before, after, sync }: Point): Patch {
  const call = `${sync ? '' : 'await '}globalThis.cairnAtPoint?.('${name}');`
  const find = before ?? after ?? ''
  const found = typeof find === 'string' ? find : '$&'
  return { file, find, replace: before === undefined ? `${found}; ${call}` : `${call} ${found}` }
}
