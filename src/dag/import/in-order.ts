// Runs jobs some at a time and gives their results in the order they were begun.

export type Job<T> = () => T | Promise<T>

/** Ending early, it waits for the jobs that have begun: buffers and descriptors are in use until then. */
export async function* inOrder<T>(jobs: Iterable<Job<T>> | AsyncIterable<Job<T>>, atOnce: number): AsyncGenerator<T> {
  const begun: (T | Promise<T>)[] = []
  const oldest = (): T | Promise<T> => begun.shift() as T | Promise<T>
  try {
    for await (const job of jobs) {
      const result = job()
      // It is awaited in its turn; until then its failure is not unhandled.
      if (result instanceof Promise) result.catch(() => {})
      begun.push(result)
      if (begun.length === atOnce) yield oldest()
    }
    while (begun.length > 0) yield oldest()
  } finally {
    await Promise.allSettled(begun)
  }
}
