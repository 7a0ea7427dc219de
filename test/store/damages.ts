// One damage of every kind that a repository can have, and what a check calls it.

import { mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { packFile } from '../../src/store/paths.ts'
import type { Store } from '../../src/store/store.ts'
import { folder } from '../pins/dags.ts'
import { CACHED, FILE, fileOf, flip, INLINE, mhOf, PACKED, placeOf, sql } from './check-support.ts'
import { leaf, WAIT } from './support.ts'

export interface Damage {
  readonly name: string
  readonly does: (store: Store) => unknown
  readonly found: readonly string[]
  /** Found without reading the data too. */
  readonly cheap: boolean
  /** Left by a repair, as a note: nothing is lost by it. */
  readonly stays?: boolean
  /** Nothing can mend it. */
  readonly beyond?: boolean
}

const packed = PACKED.blocks[3]!
const inline = INLINE.blocks[0]!

export const DAMAGES: readonly Damage[] = [
  {
    name: 'a flipped byte in a block of a pack',
    does: store => flip(packFile(store.path, 1), placeOf(store, mhOf(packed)).at + 77),
    found: ['error bad-hash'],
    cheap: false,
  },
  {
    name: 'a flipped byte in the header of a record',
    does: store => flip(packFile(store.path, 1), placeOf(store, mhOf(packed)).at - 20),
    found: ['error bad-header'],
    cheap: true,
  },
  {
    name: 'bytes and CRC changed together, as no disk does it',
    does: store =>
      sql(store, 'UPDATE data SET bytes = zeroblob(length(bytes)) WHERE id = ?', placeOf(store, mhOf(inline)).at).then(
        () => sql(store, 'UPDATE blocks SET crc = ? WHERE mh = ?', 3_723_442_018, mhOf(inline)),
      ),
    found: ['error bad-hash'],
    cheap: false,
  },
  {
    name: 'a pack cut short',
    does: store => truncateSync(packFile(store.path, 1), placeOf(store, mhOf(packed)).at + 10),
    found: ['error short-pack'],
    cheap: true,
  },
  {
    name: 'a pack removed',
    does: store => rmSync(packFile(store.path, 1)),
    found: ['error missing-pack', ...PACKED.blocks.slice(0, 10).map(() => 'error missing-bytes')],
    cheap: true,
  },
  {
    name: 'the row of a pack removed',
    does: store => sql(store, 'DELETE FROM packs'),
    found: ['error missing-bytes', 'error orphan-pack', 'error wrong-counter'],
    cheap: true,
  },
  {
    name: 'a row that points behind the committed end',
    does: store => sql(store, 'UPDATE blocks SET at = at + 1000000 WHERE mh = ?', mhOf(packed)),
    found: ['error missing-bytes'],
    cheap: true,
  },
  {
    name: 'the file of a block removed',
    does: store => rmSync(fileOf(store, mhOf(FILE))),
    found: ['error missing-bytes'],
    cheap: true,
  },
  {
    name: 'the file of a block emptied',
    does: store => truncateSync(fileOf(store, mhOf(FILE))),
    found: ['error wrong-size'],
    cheap: true,
  },
  {
    name: 'the file of a cached block emptied, as a power cut does it',
    does: store => truncateSync(fileOf(store, mhOf(CACHED))),
    found: ['note wrong-size'],
    cheap: true,
  },
  {
    name: 'inline bytes removed',
    does: store => sql(store, 'DELETE FROM data WHERE id = ?', placeOf(store, mhOf(inline)).at),
    found: ['error missing-bytes'],
    cheap: true,
  },
  {
    name: 'inline bytes without a row',
    does: store => sql(store, 'INSERT INTO data (bytes) VALUES (zeroblob(10))'),
    found: ['error orphan-data'],
    cheap: true,
  },
  {
    name: 'a wrong counter',
    does: store => sql(store, "UPDATE counters SET value = value + 1 WHERE name = 'inline_bytes'"),
    found: ['error wrong-counter'],
    cheap: true,
  },
  {
    name: 'the row of a counter removed',
    does: store => sql(store, "DELETE FROM counters WHERE name = 'inline_bytes'"),
    found: ['error wrong-counter'],
    cheap: true,
  },
  {
    name: 'wrong living bytes of a pack',
    does: store => sql(store, 'UPDATE packs SET live = live - 1'),
    found: ['error wrong-counter'],
    cheap: true,
  },
  {
    name: 'a file without a row',
    does: store => {
      const file = fileOf(store, mhOf(leaf('orphan')))
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, 'x')
    },
    found: ['note orphan-file'],
    cheap: true,
  },
  {
    name: 'a file that Cairn did not make',
    does: store => writeFileSync(join(dirname(fileOf(store, mhOf(FILE))), 'README'), 'x'),
    found: ['note unknown-file'],
    cheap: true,
    stays: true,
  },
  {
    name: 'a temporary file of a process that has died',
    does: store => writeFileSync(join(dirname(fileOf(store, mhOf(FILE))), '.999-1.tmp'), 'x'),
    found: ['note temporary-file'],
    cheap: true,
  },
  {
    name: 'a pack without a row',
    does: store => writeFileSync(packFile(store.path, 99), 'x'),
    found: ['error orphan-pack'],
    cheap: true,
  },
  {
    name: 'a tail behind the committed end of a pack, as a kill before the commit leaves it',
    does: store => writeFileSync(packFile(store.path, 1), 'half a group', { flag: 'a' }),
    found: ['note pack-tail'],
    cheap: true,
  },
  {
    name: 'a pack and a lease of a dead process',
    does: store =>
      sql(store, 'INSERT INTO leases (id, pid, started) VALUES (77, 1, 0)').then(() =>
        sql(store, 'UPDATE packs SET owner = 77'),
      ),
    found: ['note dead-lease', 'note unsealed-pack'],
    cheap: true,
  },
  {
    name: 'a pack that waits to be unlinked, its file gone already',
    does: async store => {
      await sql(store, 'INSERT INTO packs (id, committed, sealed) VALUES (50, 4096, 1)')
      await sql(store, "UPDATE counters SET value = value + 4096 WHERE name = 'pack_bytes'")
      await sql(store, 'INSERT INTO dead (pack, size) VALUES (50, 4096)')
    },
    found: ['note dead-places'],
    cheap: true,
  },
  {
    name: 'a leaf missing under a complete pin',
    does: store => store.remove(inline.cid, WAIT),
    found: ['error incomplete-pin'],
    cheap: true,
  },
  {
    name: 'a node missing under a complete pin',
    does: store => store.remove(INLINE.root, WAIT),
    found: ['error incomplete-pin'],
    cheap: true,
  },
  {
    name: 'a block under a complete pin that is only cached',
    does: store => sql(store, 'UPDATE blocks SET kept = 0 WHERE mh = ?', mhOf(packed)),
    found: ['error incomplete-pin'],
    cheap: true,
  },
  {
    name: 'a node missing under the file tree',
    does: store => sql(store, "INSERT INTO roots VALUES ('mfs', '/', ?)", folder(['nowhere']).root.bytes),
    found: ['error incomplete-pin'],
    cheap: true,
    beyond: true,
  },
  {
    name: 'a pin that was being made when its process died',
    does: store =>
      sql(
        store,
        'INSERT INTO pins (mh, cid, mode, created, status) VALUES (?, ?, 1, 0, 1)',
        INLINE.root.multihash.bytes,
        INLINE.root.bytes,
      ),
    found: ['note unfinished-pin'],
    cheap: true,
    stays: true,
  },
  {
    name: 'a pin without a CID',
    does: store => sql(store, "INSERT INTO pins (mh, cid, mode, created, status) VALUES (x'00', x'00', 1, 0, 2)"),
    found: ['error bad-pin'],
    cheap: true,
    beyond: true,
  },
]
