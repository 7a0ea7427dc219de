// Async streams: mapped with several calls under way, and gathered into lists.

/** Results in the order of the input; `most` bounds what is under way, nothing new is started after a failure. */
export async function* mapAhead<T, R>(
  source: AsyncIterable<T>,
  most: number,
  map: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const running: Promise<R>[] = []
  for await (const item of source) {
    const next = map(item)
    // It is awaited in its turn; a failure before that must not count as unhandled.
    next.catch(() => {})
    running.push(next)
    const first = running.length >= most ? running.shift() : undefined
    if (first !== undefined) yield await first
  }
  for (const next of running) yield await next
}

export async function gather<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of source) items.push(item)
  return items
}
