// Faults that are planted in the product, one for each rule that keeps what is stored: each must make named tests fail.

import type { Patch, PatchSet } from './patch.ts'

export interface Fault extends PatchSet {
  /** What the rule is that it breaks. */
  readonly rule: string
  readonly patches: readonly Patch[]
  /** What must fail with it, and pass without. */
  readonly suites: readonly Suite[]
}

export interface Suite {
  readonly file: string
  /** A part of the names of the tests that are run; all if it is left out. */
  readonly only?: string
}

/** In TEST_ONLY; the suites here look at it themselves. */
const race = (only: string): Suite => ({ file: 'test/races/races.test.ts', only })
const cut = (only: string): Suite => ({ file: 'test/races/cut-points.test.ts', only: `cut at every point: ${only}` })

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
        find: 'await allDone([...syncs, syncData(pack.fd)])',
        replace: 'setTimeout(() => void allDone([...syncs, syncData(pack.fd)]).catch(() => {}), 50)',
      },
    ],
    suites: [cut('add')],
  },
  {
    name: 'unlink-before-commit',
    rule: 'places are unlinked in a later transaction than the one that dropped their row (§6.5)',
    patches: [
      {
        file: 'src/store/collect/sweep.ts',
        find: 'books.rowDeleted(row)\n',
        replace:
          'books.rowDeleted(row)\n      if (row.pack === -1) rmSync(new BlockFiles(planted).fileOf(row.mh), { force: true })\n',
      },
      {
        file: 'src/store/collect/sweep.ts',
        find: "import { createPace } from './pace.ts'",
        replace:
          "import { createPace } from './pace.ts'\nimport { rmSync } from 'node:fs'\nimport { BlockFiles } from '../write/files.ts'\nlet planted = ''",
      },
      {
        file: 'src/store/collect/sweep.ts',
        find: 'for (let rest = victims; rest.length > 0; ) {',
        replace: 'for (let rest = victims; rest.length > 0; ) {\n    planted = store.path',
      },
    ],
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
  },
  {
    name: 'threshold-at-sweep',
    rule: 'T is fixed when the epoch is opened, also for operations that end meanwhile (§6.2)',
    patches: [
      {
        file: 'src/pins/gc.ts',
        find: 'sweep({ store, marks, threshold, dryRun, signal })',
        replace:
          'sweep({ store, marks, threshold: dryRun ? threshold : foreseeEpoch(store, options.graceMs) - 1, dryRun, signal })',
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
        find: 'fd, committedBytes: committed }',
        replace: 'fd, committedBytes: fstatSync(fd).size }',
      },
    ],
    suites: [cut('add')],
  },
]
