// The steps a run is made of, as data: what fast-check draws, shrinks and prints, and what a regression is written down as.

import fc from 'fast-check'
import { DAG_COUNT, KEYS } from './universe.ts'

export const HANDLES = 3
export const NAMES = ['', 'other'] as const

/** `on` is the handle. A step that makes no sense at its place (nothing held, a stopped process) is passed over. */
export type Step =
  | {
      readonly do: 'add' | 'put' | 'read' | 'cache' | 'keep' | 'hold' | 'fetch' | 'brief'
      readonly on: number
      readonly dag: number
    }
  | { readonly do: 'more' | 'flush' | 'finish' | 'pinIt' | 'linkIt' | 'abort'; readonly on: number }
  | { readonly do: 'pin' | 'unpin' | 'walk'; readonly on: number; readonly dag: number; readonly name: string }
  | { readonly do: 'direct' | 'import' | 'liar'; readonly on: number; readonly dag: number }
  | { readonly do: 'walkOn' | 'walkEnd' | 'walkStop'; readonly on: number }
  | { readonly do: 'update'; readonly on: number; readonly dag: number; readonly to: number }
  | { readonly do: 'cp' | 'rm'; readonly on: number; readonly dag: number }
  | { readonly do: 'remove'; readonly on: number; readonly key: number }
  | { readonly do: 'evict' | 'gc' | 'sweep' | 'sweepOn' | 'sweepEnd' | 'close' | 'crash' | 'stop'; readonly on: number }
  | { readonly do: 'clock'; readonly ms: number }

const on = fc.nat(HANDLES - 1)
const dag = fc.nat(DAG_COUNT - 1)
const name = fc.constantFrom(...NAMES)
const TEN_SECONDS = 10_000
const TWO_HOURS = 7_200_000

const withDag = (...verbs: readonly ('add' | 'put' | 'hold' | 'keep' | 'cache' | 'read' | 'fetch' | 'brief')[]) =>
  fc.record({ do: fc.constantFrom(...verbs), on, dag })

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: withDag('add', 'put', 'put', 'hold', 'hold', 'keep') },
  { weight: 3, arbitrary: withDag('cache', 'read', 'fetch', 'brief') },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'more' as const,
        'flush' as const,
        'finish' as const,
        'pinIt' as const,
        'linkIt' as const,
        'abort' as const,
      ),
      on,
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('pin' as const, 'walk' as const), on, dag, name }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('unpin' as const), on, dag, name }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('direct' as const, 'import' as const, 'liar' as const), on, dag }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom('walkOn' as const, 'walkEnd' as const, 'walkStop' as const), on }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('update' as const), on, dag, to: dag }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('cp' as const, 'rm' as const), on, dag }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), on, key: fc.nat(KEYS.length - 1) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'gc' as const,
        'sweep' as const,
        'sweep' as const,
        'sweepOn' as const,
        'sweepOn' as const,
        'sweepEnd' as const,
        'evict' as const,
      ),
      on,
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('close' as const, 'crash' as const, 'stop' as const), on }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('clock' as const), ms: fc.constantFrom(TEN_SECONDS, TWO_HOURS, TWO_HOURS) }),
  },
)

const times = (count: number, step: Step): Step[] => Array.from({ length: count }, () => step)

/** Steps that make one of the classic races, to be cut and mixed with others: drawn at random they would be rare. */
const race: fc.Arbitrary<Step[]> = fc
  .record({
    kind: fc.nat(6),
    by: on,
    at: on,
    dag,
    other: dag,
    name,
    gates: fc.oneof(fc.constantFrom(2, 3), fc.integer({ min: 1, max: 8 })),
    end: fc.boolean(),
  })
  .map(({ kind, by, at, dag, other, name, gates, end }) => {
    const sweep: Step[] = [
      { do: 'clock', ms: TWO_HOURS },
      { do: 'sweep', on: by },
      ...times(gates, { do: 'sweepOn', on: by }),
    ]
    const put: Step = { do: 'put', on: at, dag }
    const rest: Step[] = end ? [{ do: 'sweepEnd', on: by }] : []
    const kinds: readonly Step[][] = [
      // Dedupe hit against sweep.
      [
        put,
        ...sweep,
        { do: 'hold', on: at, dag },
        { do: 'more', on: at },
        { do: 'sweepOn', on: by },
        { do: 'pinIt', on: at },
        ...rest,
      ],
      // Pin against sweep.
      [put, ...sweep, { do: 'walk', on: at, dag, name }, { do: 'sweepOn', on: by }, { do: 'walkEnd', on: at }, ...rest],
      // Added without a pin, pinned ten seconds later.
      [
        put,
        { do: 'gc', on: by },
        { do: 'clock', ms: TEN_SECONDS },
        { do: 'sweep', on: by },
        { do: 'pin', on: at, dag, name },
        ...rest,
      ],
      // Unlinked and put again.
      [put, ...sweep, { do: 'sweepOn', on: by }, { do: 'add', on: at, dag }, ...rest],
      // A walk from the network that meets stray leaves, begun before the collection and ended in the midst of it.
      [
        { do: 'put', on: at, dag: other },
        { do: 'clock', ms: TWO_HOURS },
        { do: 'walk', on: at, dag, name },
        ...times(gates % 6, { do: 'walkOn', on: at }),
        ...sweep.slice(1),
        { do: 'walkEnd', on: at },
        { do: 'sweepOn', on: by },
        ...rest,
      ],
      // An operation whose grace is over before the collection is that it held back.
      [
        { do: 'hold', on: at, dag },
        { do: 'more', on: at },
        ...sweep.slice(1),
        { do: 'finish', on: at },
        { do: 'clock', ms: TWO_HOURS },
        { do: 'sweepOn', on: by },
        ...rest,
      ],
      // Killed in the midst of it.
      [put, ...sweep, { do: 'crash', on: by }, { do: 'add', on: at, dag }, { do: 'sweep', on: by }, ...rest],
      // A writer that is stopped for two hours over a whole collection, and goes on.
      [
        { do: 'hold', on: at, dag },
        { do: 'more', on: at },
        ...sweep.slice(1),
        { do: 'stop', on: at },
        { do: 'clock', ms: TWO_HOURS },
        { do: 'sweepEnd', on: by },
        { do: 'pinIt', on: at },
      ],
      // An operation that is held open across a collection.
      [{ do: 'hold', on: at, dag }, { do: 'more', on: at }, ...sweep, { do: 'pinIt', on: at }, ...rest],
    ]
    return kinds[kind] ?? []
  })

const one = step.map(only => [only])

export const steps = (maxPhrases: number): fc.Arbitrary<Step[]> =>
  fc
    .array(fc.oneof({ weight: 5, arbitrary: one }, { weight: 1, arbitrary: race }), {
      minLength: 3,
      maxLength: maxPhrases,
    })
    .map(phrases => phrases.flat())
