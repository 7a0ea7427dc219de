// The tables of cairn.db and how a repository of an older schema becomes one of this (spec: store §1).

export const SCHEMA_VERSION = 2

/** `blocks.pack`: where a block's bytes lie. Above 0 it is the id of a pack, and `at` the offset of the bytes in it. */
export const PLACE_INLINE = 0
/** The bytes are a file of blockstore-fs; `at` is 0 if it was synced, else the mark of the boot that wrote it (cache). */
export const PLACE_FILE = -1
/** A kept block whose bytes were found bad and went to quarantine. The row stays, so that its next put is kept again; `at` is unused. */
export const PLACE_BAD = -2

/** `packs.live` counts whole records: `RECORD_OVERHEAD + length(mh) + size`. */
export const RECORD_OVERHEAD = 20

/** `pins.mode` and `pins.status` as stored. */
export const PIN_MODES = ['direct', 'recursive'] as const
export const PIN_STATUSES = ['queued', 'pinning', 'pinned', 'failed'] as const

/** Each step is run once, in order, inside the transaction that also writes the new version. */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE blocks (
    mh    BLOB PRIMARY KEY,
    size  INTEGER NOT NULL,
    crc   INTEGER NOT NULL,
    kept  INTEGER NOT NULL,          -- 1 kept (durable), 0 cache
    links INTEGER NOT NULL,          -- 1: has at least one link
    pack  INTEGER NOT NULL,          -- PLACE_INLINE, PLACE_FILE, PLACE_BAD or packs.id
    at    INTEGER NOT NULL,          -- data.id, or offset of the bytes in the pack
    epoch INTEGER NOT NULL           -- of the last operation that put or met it
  ) WITHOUT ROWID;
  CREATE TABLE data (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
  CREATE TABLE packs (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,   -- never reused
    owner     INTEGER,                             -- leases.id, or null after a clean release
    committed INTEGER NOT NULL DEFAULT 0,          -- bytes that are durable; what lies behind is not trusted
    live      INTEGER NOT NULL DEFAULT 0,          -- bytes of records that have a row (whole records, without padding)
    sealed    INTEGER NOT NULL DEFAULT 0
  );
  CREATE TABLE dead (
    id   INTEGER PRIMARY KEY,
    pack INTEGER NOT NULL,                         -- PLACE_FILE or packs.id
    mh   BLOB,                                     -- of a file
    size INTEGER NOT NULL DEFAULT 0                -- bytes that unlinking it gives back
  );
  CREATE TABLE leases (id INTEGER PRIMARY KEY AUTOINCREMENT, pid INTEGER NOT NULL, started INTEGER NOT NULL);
  CREATE TABLE operations (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    lease    INTEGER NOT NULL,
    kind     TEXT NOT NULL,
    epoch    INTEGER NOT NULL,                     -- of the repository when it began
    started  INTEGER NOT NULL,
    finished INTEGER                               -- ms; counts for store.grace from then
  );
  CREATE INDEX operations_by_lease ON operations (lease);
  CREATE TABLE pins (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    mh      BLOB NOT NULL,
    cid     BLOB NOT NULL,
    mode    INTEGER NOT NULL,                      -- index into PIN_MODES
    name    TEXT NOT NULL DEFAULT '',
    owner   TEXT NOT NULL DEFAULT '',
    labels  TEXT NOT NULL DEFAULT '',
    created INTEGER NOT NULL,
    expires INTEGER,
    status  INTEGER NOT NULL,                      -- index into PIN_STATUSES
    error   TEXT NOT NULL DEFAULT ''
  );
  CREATE INDEX pins_by_mh ON pins (mh);
  CREATE TABLE roots (kind TEXT NOT NULL, key TEXT NOT NULL, cid BLOB NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID;
  CREATE TABLE cache_use (mh BLOB PRIMARY KEY, hour INTEGER NOT NULL) WITHOUT ROWID;
  -- blocks and block_bytes: all rows. inline_bytes: sizes of inline rows.
  -- pack_bytes: committed bytes of every pack in packs; file_bytes: sizes of block files; both fall when the dead row is worked off.
  CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE datastore (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
  INSERT INTO counters VALUES ('blocks', 0), ('block_bytes', 0), ('inline_bytes', 0), ('pack_bytes', 0), ('file_bytes', 0);
  INSERT INTO meta VALUES ('epoch', 1), ('roots_version', 1);
  `,
  `
  ALTER TABLE pins ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;   -- higher goes first
  ALTER TABLE pins ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;   -- walks that have failed since it was asked for
  ALTER TABLE pins ADD COLUMN retry_at INTEGER;                      -- ms; not tried again before
  ALTER TABLE pins ADD COLUMN walker INTEGER;                        -- operations.id of the walk that makes it; never used again
  CREATE INDEX pins_waiting ON pins (priority DESC, attempts, id, retry_at, walker, status) WHERE status < 2;
  CREATE INDEX pins_by_expiry ON pins (expires) WHERE expires IS NOT NULL;
  -- What background work remembers between two starts: how far the scrub came, when the last backup was made.
  CREATE TABLE upkeep (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  `,
]
