// The oldest entry of a Map that is used as a queue: found without stepping again over all that was deleted before it.

const FEW_MOVES = 1000

export class Oldest<K> {
  readonly #map: ReadonlyMap<K, unknown>
  #at: MapIterator<K> | undefined
  /** Insertions since it last went on. */
  #moves = 0

  constructor(map: ReadonlyMap<K, unknown>) {
    this.#map = map
  }

  /** To be told of each insertion: a Map keeps all its former tables for an iterator that rests. */
  moved(): void {
    if (this.#at === undefined || ++this.#moves <= Math.max(FEW_MOVES, this.#map.size)) return
    // To begin at the front is cheap when it is seldom.
    this.#at = undefined
  }

  /** Undefined if there is none. Whoever asks deletes it. */
  next(): K | undefined {
    this.#moves = 0
    this.#at ??= this.#map.keys()
    const step = this.#at.next()
    if (step.done !== true) return step.value
    this.#at = this.#map.keys()
    return this.#at.next().value
  }
}
