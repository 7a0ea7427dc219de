// Faults that are planted in the product, one for each rule that keeps what is stored: each must make named tests fail.

import type { Patch, PatchSet } from './patch.ts'

export interface Fault extends PatchSet {
  /** What the rule is that it breaks. */
  readonly rule: string
  readonly patches: readonly Patch[]
  /** What must fail with it, and pass without. */
  readonly suites: readonly Suite[]
  /** As `suites`, in the long budget. */
  readonly slow?: readonly Suite[]
}

export interface Suite {
  readonly file: string
  /** A part of the names of the tests that are run; all if it is left out. */
  readonly only?: string
}

/** In TEST_ONLY; the suites here look at it themselves. */
const race = (only: string): Suite => ({ file: 'test/races/races.test.ts', only })
const kill = 'killed between commit and unlink'
const MODEL: Suite = { file: 'test/model/model.test.ts' }
const cut = (only: string): Suite => ({ file: 'test/races/cut-points.test.ts', only: `cut at every point: ${only}` })

const UNLINK_EARLY: readonly Patch[] = [
  {
    file: 'src/store/collect/sweep.ts',
    find: 'books.rowDeleted(row)\n',
    replace:
      'books.rowDeleted(row)\n      if (row.pack === -1) rmSync(new BlockFiles(planted).fileOf(row.mh), { force: true })\n',
  },
  {
    file: 'src/store/collect/sweep.ts',
    find: "import { type GcWait, paceOf, transactGently } from './throttle.ts'",
    replace:
      "import { type GcWait, paceOf, transactGently } from './throttle.ts'\nimport { rmSync } from 'node:fs'\nimport { BlockFiles } from '../write/files.ts'\nlet planted = ''",
  },
  {
    file: 'src/store/collect/sweep.ts',
    find: 'for (let rest = victims; rest.length > 0; ) {',
    replace: 'for (let rest = victims; rest.length > 0; ) {\n    planted = store.path',
  },
]

export const FAULTS: readonly Fault[] = [
  {
    name: 'no-fsync',
    rule: 'bytes are synced before they count (§4.4)',
    patches: [
      {
        file: 'src/store/write/packs.ts',
        find: 'const syncData = promisify(fdatasync)',
        replace: 'const syncData = async (_fd: number): Promise<void> => void fdatasync',
      },
      { file: 'src/store/write/files.ts', find: 'if (sync) await handle.datasync()', replace: '' },
    ],
    suites: [cut('add')],
  },
  {
    name: 'rows-before-data',
    rule: 'bytes durable < the transaction with their rows (§4.4)',
    patches: [
      {
        file: 'src/store/write/packs.ts',
        find: /await (.*\.\.\.syncs, syncData\(pack\.fd\)\]\))/,
        replace: 'Object.assign(this, { planted: () => $1 })',
      },
      {
        file: 'src/store/write/packs.ts',
        find: /async committed\(.*\{$/m,
        replace: '$&\n    await this.planted?.()',
      },
    ],
    suites: [cut('add')],
  },
  {
    name: 'unlink-before-commit',
    rule: 'places are unlinked in a later transaction than the one that dropped their row (§6.5)',
    patches: UNLINK_EARLY,
    suites: [cut('gc')],
  },
  {
    name: 'sweep-ignores-epoch',
    rule: 'rows of a living operation are not swept (§6.2)',
    patches: [
      {
        file: 'src/store/collect/sweep.ts',
        find: 'DELETE FROM blocks WHERE mh = ? AND epoch < ? AND',
        replace: 'DELETE FROM blocks WHERE mh = ? AND ? > 0 AND',
      },
      {
        file: 'src/store/collect/sweep.ts',
        find: 'row.epoch < threshold && !marks.has(row.mh)',
        replace: '!marks.has(row.mh)',
      },
    ],
    suites: [race('an operation ends between mark and sweep: an add')],
    slow: [MODEL],
  },
  {
    name: 'threshold-at-sweep',
    rule: 'T is fixed when the epoch is opened, also for operations that end meanwhile (§6.2)',
    patches: [
      {
        file: 'src/pins/gc.ts',
        find: 'sweep({ ...wait, store, marks, threshold, dryRun, onPage })',
        replace:
          'sweep({ ...wait, store, marks, threshold: dryRun ? threshold : foreseeEpoch(store, options.graceMs) - 1, dryRun, onPage })',
      },
    ],
    suites: [race('a pin that met a stray leaf')],
  },
  {
    name: 'lease-ignored',
    rule: 'alive is who holds its kernel lock (§3)',
    patches: [
      {
        file: 'src/store/write/leases.ts',
        find: '.filter(id => !isLeaseAlive(path, id))',
        replace: '.filter(id => id > 0)',
      },
    ],
    suites: [race('an operation ends between mark and sweep: an add')],
    slow: [MODEL],
  },
  {
    name: 'crc-off',
    rule: 'the CRC is compared on every read (§5)',
    patches: [
      {
        file: 'src/store/read/reader.ts',
        find: 'bytes.byteLength !== row.size || crc32(bytes) !== row.crc',
        replace: 'bytes.byteLength !== row.size || crc32(bytes) < 0',
      },
    ],
    suites: [{ file: 'test/store/reading.test.ts' }],
  },
  {
    name: 'pin-row-before-flush',
    rule: 'a pin is complete in the last transaction of its operation, after all its blocks (§3)',
    patches: [
      {
        file: 'src/store/write/operation.ts',
        find: '    while (this.#waiting > 0) await this.#lastWait\n    // What it met',
        replace:
          '    await this.#options.database.transact(tx => { for (const { sql, params } of statements) tx.run(sql, ...params) })\n    while (this.#waiting > 0) await this.#lastWait\n    // What it met',
      },
    ],
    suites: [cut('add')],
  },
  {
    name: 'pack-tail-trusted',
    rule: 'the pack of a dead process is sealed at its committed size, and nobody appends to it (§4.3)',
    patches: [
      {
        file: 'src/store/write/leases.ts',
        find: "tx.run('UPDATE packs SET owner = NULL, sealed = 1 WHERE owner = ?', id)",
        replace: "tx.run('UPDATE packs SET owner = NULL WHERE owner = ?', id)",
      },
      {
        file: 'src/store/write/packs.ts',
        find: 'committedBytes: committed, writtenBytes: committed }',
        replace: 'committedBytes: fstatSync(fd).size, writtenBytes: fstatSync(fd).size }',
      },
    ],
    suites: [cut('add')],
  },
]

/** Rules that the scheduled races stand for, each taken away: its race must show it (spec: store §8). */
export const RULES: readonly Fault[] = [
  {
    name: 'touch-unchecked',
    rule: 'a hit counts only once its touch changed a row (§4.5)',
    patches: [
      {
        file: 'src/store/write/place.ts',
        find: 'return tx.run(TOUCH, epoch, linksOf(record), record.mh) === 1',
        replace: 'return tx.run(TOUCH, epoch, linksOf(record), record.mh) >= 0',
      },
    ],
    suites: [
      race('hit, sweep, touch: an add meets what is being swept'),
      race('hit, sweep, touch: the walk of a pin meets what is being swept'),
    ],
  },
  {
    name: 'unlinked-at-sight',
    rule: 'who unlinks a file looks first whether a row has come back to it (§6.5)',
    patches: [
      { file: 'src/store/collect/dead.ts', find: 'if (row?.pack === PLACE_FILE) return 0', replace: 'void row' },
    ],
    suites: [race('put again between the deletion of its row and the unlinking of its file')],
  },
  {
    name: 'killed-while-unlinking',
    rule: 'the row goes first, the file later (§6.5)',
    patches: UNLINK_EARLY,
    suites: [race(kill)],
  },
  {
    name: 'expanded-for-all-codecs',
    rule: 'seen as raw or direct is not seen expanded (§6.4)',
    patches: [
      {
        file: 'src/pins/mark.ts',
        find: 'this.#mark(root.cid)',
        replace: 'if (this.has(root.cid.multihash.bytes)) return\n    this.#mark(root.cid)',
      },
    ],
    suites: [race('raw and dag-pb of one multihash')],
  },
  {
    name: 'links-not-learned',
    rule: 'a block that came as raw learns that it has links (§4.1)',
    patches: [
      {
        file: 'src/store/write/place.ts',
        find: 'SET epoch = max(epoch, ?), links = max(links, ?) WHERE',
        replace: 'SET epoch = max(epoch, ?), links = links + 0 * ? WHERE',
      },
    ],
    suites: [race('raw and dag-pb of one multihash')],
  },
  {
    name: 'roots-version-ignored',
    rule: 'a sweep that finds the roots changed marks the new ones first (§6.3)',
    patches: [{ file: 'src/store/collect/sweep.ts', find: 'if (now !== rootsVersion)', replace: 'if (now === -1)' }],
    suites: [race('files cp after mark'), race('pinned at once, as all of it is here, after mark')],
  },
  {
    name: 'pinned-unlooked',
    rule: 'what is pinned at once is looked for again in the transaction that pins it (§6.3)',
    patches: [
      {
        file: 'src/pins/statements.ts',
        find: /\$\{NOT_YET\} AND \(\$\{KEPT_OF\}\) = \? AND \(\$\{KEPT_OF\} AND b\.links = 1\) = \?/,
        // biome-ignore lint/suspicious/noTemplateCurlyInString: it becomes a part of one.
        replace: '${NOT_YET} AND ? <> 1 AND ? >= 0 AND ? <> 1 AND ? >= 0',
      },
    ],
    suites: [race('pinned at once, as all of it is here, after mark')],
  },
  {
    name: 'no-grace',
    rule: 'what left no root counts as in use for store.grace (§3)',
    patches: [
      { file: 'src/store/write/run-task.ts', find: 'if (statements.length > 0) tx', replace: 'if (statements) tx' },
    ],
    suites: [race('added without a pin, a collection, pinned ten seconds later')],
  },
  {
    name: 'kept-in-place',
    rule: 'a cached block that becomes kept is read, hashed and written anew (§4.6)',
    patches: [
      {
        file: 'src/store/write/operation.ts',
        find: 'return this.#makeKept(cid, options)',
        replace: `{
        await this.#options.database.transact(tx =>
          tx.run('UPDATE blocks SET kept = 1, epoch = ? WHERE mh = ?', this.#options.epoch, cid.multihash.bytes))
        if (row !== undefined) return true
        return this.#makeKept(cid, options)
      }`,
      },
    ],
    suites: [race('cached, then kept, and the power is cut at once')],
  },
  {
    name: 'cached-over-kept',
    rule: 'kept beats cached, whoever comes last (§4.2)',
    patches: [
      {
        file: 'src/store/write/place.ts',
        find: 'if (tx.get(SELECT, mh) !== undefined) return',
        replace:
          "if (place.kind === 'file') place.files.place(place.staged)\n  if (tx.get(SELECT, mh) !== undefined) return",
      },
      {
        file: 'src/store/write/files.ts',
        find: 'renameSync(temp, file)',
        replace: 'if (statSync(temp, { throwIfNoEntry: false }) === undefined) return\n    renameSync(temp, file)',
      },
      { file: 'src/store/write/files.ts', find: 'renameSync, rmSync }', replace: 'renameSync, rmSync, statSync }' },
    ],
    suites: [race('one block kept by one process and cached by another')],
  },
]
