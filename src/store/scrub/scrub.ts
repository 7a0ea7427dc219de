// The scrub: the full hash of every block again, slowly, from where it was left; what is bad goes to quarantine (spec: store §5).

import { join } from 'node:path'
import type { Wait } from '../../block/source.ts'
import { CairnError } from '../../errors.ts'
import type { Logger } from '../../observe/log.ts'
import { METRICS } from '../../observe/metrics.ts'
import { BlockJudge, cidOf, type JudgedRow, type Judgement } from '../check/check-block.ts'
import { createPace } from '../collect/pace.ts'
import { countPlaces } from '../collect/pack-census.ts'
import { findSurvivors } from '../collect/pack-survivors.ts'
import { lockHolder, takeLock } from '../database/kernel-lock.ts'
import { PLACE_BAD } from '../database/schema.ts'
import { describePlace, quarantine } from '../read/quarantine.ts'
import type { Store } from '../store.ts'
import { changeScrubState, readScrubState, type ScrubCursor, type ScrubRun } from './state.ts'
import { createThrottle } from './throttle.ts'

export interface ScrubOptions extends Wait {
  /** Bytes a second; 0: as fast as it goes. */
  readonly rateBytes: number
  /** Begin at the beginning, whatever an unfinished run has seen. */
  readonly anew?: boolean
  /** Of the machine; for tests. */
  readonly load?: () => number
  readonly log: Logger
}

export type ScrubFound =
  | { readonly type: 'progress'; readonly blocks: number; readonly totalBlocks: number; readonly bytes: number }
  /** Put aside: to be fetched again, if it is kept. */
  | { readonly type: 'bad'; readonly multihash: Uint8Array; readonly kept: boolean; readonly what: string }
  | { readonly type: 'done'; readonly blocks: number; readonly bytes: number; readonly bad: number }

const PAGE_ROWS = 1000
/** Rows of packs that are held in memory at once. */
const ROWS_PER_PASS = 200_000
/** After a kill so much is read twice, at most. */
const SAVE_MS = 5000
const PROGRESS_BLOCKS = 256

const SELECT_PAGE = `SELECT mh, size, crc, kept, pack, at FROM blocks WHERE mh > ? ORDER BY mh LIMIT ${PAGE_ROWS}`
const BEGINNING: ScrubCursor = { stage: 'rows', after: '' }

/** One at a time in a repository; REPO_LOCKED. */
export async function* scrubStore(store: Store, options: ScrubOptions): AsyncGenerator<ScrubFound> {
  using _ = holdScrubLock(store)
  const known = options.anew === true ? undefined : readScrubState(store.database).run
  const scrub = new Scrub(store, options, known ?? newRun())
  yield* scrub.run()
}

const newRun = (): ScrubRun => ({ startedAt: Date.now(), cursor: BEGINNING, blocks: 0, bytes: 0, bad: 0 })

function holdScrubLock({ database, path }: Store): Disposable {
  if (database.readOnly)
    throw new CairnError('READ_ONLY', `${path} cannot be written: what is bad could not be put aside`)
  const file = join(path, 'scrub.lock')
  const lock = takeLock(file)
  if (lock !== undefined) return lock
  throw new CairnError('REPO_LOCKED', `a scrub runs already (process ${lockHolder(file) ?? 'unknown'})`, {
    hint: '`cairn repo stat` shows how far it is',
  })
}

class Scrub {
  readonly #store: Store
  readonly #options: ScrubOptions
  readonly #judge: BlockJudge
  readonly #pace: () => Promise<void> | undefined
  readonly #throttle: (sizeBytes: number) => Promise<void>
  #run: ScrubRun
  #savedAt = performance.now()

  constructor(store: Store, options: ScrubOptions, run: ScrubRun) {
    this.#store = store
    this.#options = options
    this.#run = run
    this.#judge = new BlockJudge(store, () => true)
    this.#pace = createPace(options.signal)
    this.#throttle = createThrottle(options)
  }

  async *run(): AsyncGenerator<ScrubFound> {
    try {
      const { cursor } = this.#run
      if (cursor.stage === 'rows') yield* this.#rows(Buffer.from(cursor.after, 'hex'))
      yield* this.#packs()
      const { startedAt, blocks, bytes, bad } = this.#run
      const last = { startedAt, endedAt: Date.now(), blocks, bytes, bad }
      await changeScrubState(this.#store.database, ({ run: _, dueAt: __, ...rest }) => ({ ...rest, last }))
      yield { type: 'done', blocks, bytes, bad }
    } catch (error) {
      // What was looked at needs not be looked at again; a repository that cannot be written has worse to tell.
      await this.#save().catch(() => undefined)
      throw error
    } finally {
      this.#judge[Symbol.dispose]()
    }
  }

  /** What lies in the database and in files. */
  async *#rows(from: Uint8Array): AsyncGenerator<ScrubFound> {
    for (let after = from; ; ) {
      const page = this.#store.database.all<JudgedRow>(SELECT_PAGE, after)
      for (const row of page) {
        if (row.pack <= 0) yield* this.#look(row, { stage: 'rows', after: Buffer.from(row.mh).toString('hex') })
        else await this.#pace()
      }
      const last = page.at(-1)
      if (last === undefined || page.length < PAGE_ROWS) break
      after = last.mh
    }
    this.#run = { ...this.#run, cursor: { stage: 'packs', pack: 0, at: 0 } }
  }

  /** In the order in which they lie. Blocks that move meanwhile are hashed by who moves them. */
  async *#packs(): AsyncGenerator<ScrubFound> {
    const { signal } = this.#options
    const { cursor } = this.#run
    const from = cursor.stage === 'packs' ? cursor : { pack: 0, at: 0 }
    const places = [...(await countPlaces(this.#store, signal))]
      .filter(([pack]) => pack >= Math.max(1, from.pack))
      .sort(([a], [b]) => a - b)
    for (const pass of passes(places)) {
      for (const row of await findSurvivors(this.#store, pass, signal)) {
        if (row.pack > from.pack || row.at >= from.at)
          yield* this.#look(row, { stage: 'packs', pack: row.pack, at: row.at + 1 })
      }
    }
  }

  async *#look(row: JudgedRow, cursor: ScrubCursor): AsyncGenerator<ScrubFound> {
    await this.#pace()
    const problem = this.#judge.judge(row)
    const isBad = problem !== undefined && problem.kind !== 'bad-header'
    const found = isBad ? await this.#putAside(problem) : undefined
    METRICS.scrubbedBlocks.add()
    METRICS.scrubbedBytes.add(row.size)
    const { startedAt, blocks, bytes, bad } = this.#run
    this.#run = { startedAt, cursor, blocks: blocks + 1, bytes: bytes + row.size, bad: bad + (isBad ? 1 : 0) }
    if (found !== undefined) yield found
    if (this.#run.blocks % PROGRESS_BLOCKS === 0) yield this.#progress()
    if (performance.now() - this.#savedAt > SAVE_MS) await this.#save()
    await this.#throttle(row.size)
  }

  async #putAside({ row, what }: Judgement): Promise<ScrubFound> {
    const { mh, pack, at } = row
    const cid = cidOf(mh)
    const found: ScrubFound = { type: 'bad', multihash: mh, kept: row.kept === 1, what: `block ${cid} ${what}` }
    if (pack === PLACE_BAD) return found
    const where = describePlace(this.#store.path, { cid, pack, at })
    const bytes = this.#judge.bytesAt(row)
    if (!(await quarantine(this.#store, { cid, pack, at, bytes })) && bytes === undefined)
      throw new CairnError('READ_FAILED', `block ${cid} has no bytes ${where.place}, and its folder is empty`, {
        hint: 'is a disk not mounted?',
      })
    METRICS.corruptBlocks.add()
    this.#options.log.error('a stored block is damaged', { cid: String(cid), what, ...where })
    return found
  }

  #progress(): ScrubFound {
    const { blocks, bytes } = this.#run
    return { type: 'progress', blocks, totalBlocks: Math.max(blocks, this.#store.counters().blocks), bytes }
  }

  async #save(): Promise<void> {
    this.#savedAt = performance.now()
    const run = this.#run
    await changeScrubState(this.#store.database, state => ({ ...state, run }))
  }
}

function passes(places: readonly (readonly [number, { readonly rows: number }])[]): number[][] {
  const all: number[][] = []
  let rows = Number.POSITIVE_INFINITY
  for (const [pack, content] of places) {
    if (rows + content.rows > ROWS_PER_PASS) {
      all.push([])
      rows = 0
    }
    all.at(-1)?.push(pack)
    rows += content.rows
  }
  return all
}
