// How often the classic races were really met: counted where the model knows that nothing but the rules protected a block.

import type { Model } from './model.ts'

export const RACES = [
  'dedupe hit × sweep',
  'pin × sweep',
  'pinned later',
  're-put × unlink',
  'ended × sweep',
  'killed in sweep',
  'stopped over sweep',
] as const
export type Race = (typeof RACES)[number]

export class Races {
  /** Met in this run. */
  readonly met = new Set<Race>()
  readonly #model: Model

  constructor(model: Model) {
    this.#model = model
  }

  note(race: Race): void {
    this.met.add(race)
  }

  /** These are about to be put or kept; `here` are those that a handle sees. */
  putting(keys: readonly string[], here: ReadonlySet<string>): void {
    if (this.#model.collection === undefined) return
    const safe = this.#model.safe(false)
    if (keys.some(key => here.has(key) && !safe.has(key))) this.note('dedupe hit × sweep')
    if (keys.some(key => !here.has(key) && this.#model.presence.get(key) === 'either')) this.note('re-put × unlink')
  }

  pinning(keys: readonly string[]): void {
    const { collection, collections, finished, clockMs } = this.#model
    const kept = this.#model.kept(false)
    const loose = keys.some(key => this.#model.presence.get(key) !== 'gone' && !kept.has(key))
    if (collection !== undefined && loose) this.note('pin × sweep')
    const late = finished.filter(added => added.collections < collections && added.atMs <= clockMs - 10_000)
    if (loose && late.some(added => keys.every(key => added.keys.has(key)))) this.note('pinned later')
  }
}
