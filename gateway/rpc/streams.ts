// Async streams: mapped with several calls under way, taken in batches, gathered into lists.

/**
 * Results in the order of the input, each as soon as it and those before it are there, however long the next item takes.
 * `most` bounds what is under way. When the source fails, what was begun still comes before the failure.
 */
export async function* mapAhead<T, R>(
  source: AsyncIterable<T>,
  most: number,
  map: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const items = source[Symbol.asyncIterator]()
  const running: Promise<R>[] = []
  let coming: Promise<IteratorResult<T>> | undefined
  let hasEnded = false
  try {
    while (true) {
      if (!hasEnded && running.length < most) coming ??= handled(items.next())
      const [first] = running
      if (first === undefined && coming === undefined) return
      if (await isNext(first, coming)) {
        running.shift()
        yield await (first as Promise<R>)
        continue
      }
      const item = await coming
      coming = undefined
      if (item === undefined || item.done === true) hasEnded = true
      else running.push(handled(map(item.value)))
    }
  } finally {
    // Not awaited: it would wait for the item that is coming, which a client may never send.
    Promise.resolve(items.return?.()).catch(() => {})
  }
}

/** Items that come within one turn of the event loop go together, up to a number of them and of their bytes. */
export async function* inBatches<T extends Uint8Array>(
  source: AsyncIterable<T>,
  most: { readonly count: number; readonly bytes: number },
): AsyncGenerator<T[]> {
  const items = source[Symbol.asyncIterator]()
  let batch: T[] = []
  let bytes = 0
  const take = () => {
    const taken = batch
    batch = []
    bytes = 0
    return taken
  }
  try {
    for (let coming = handled(items.next()); ; ) {
      const item = await (batch.length === 0 ? coming : Promise.race([coming, nextTurn()]))
      if (item === undefined) {
        yield take()
        continue
      }
      if (item.done === true) break
      batch.push(item.value)
      bytes += item.value.byteLength
      coming = handled(items.next())
      if (batch.length === most.count || bytes >= most.bytes) yield take()
    }
  } catch (error) {
    // What came before the failure is not lost by it.
    if (batch.length > 0) yield take()
    throw error
  } finally {
    Promise.resolve(items.return?.()).catch(() => {})
  }
  if (batch.length > 0) yield take()
}

const nextTurn = (): Promise<undefined> => new Promise(resolve => setImmediate(resolve, undefined))

export async function* flatten<T>(lists: AsyncIterable<readonly T[]>): AsyncGenerator<T> {
  for await (const list of lists) yield* list
}

/** Awaited in its turn; a failure before that is not unhandled. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  return promise
}

/** Whether the first result is there before the next item; a source that fails lets the results pass. */
async function isNext(result: Promise<unknown> | undefined, item: Promise<unknown> | undefined): Promise<boolean> {
  if (result === undefined) return false
  if (item === undefined) return true
  const resultIsThere = result.then(
    () => true,
    () => true,
  )
  return Promise.race([
    resultIsThere,
    item.then(
      () => false,
      () => resultIsThere,
    ),
  ])
}

export async function gather<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of source) items.push(item)
  return items
}
