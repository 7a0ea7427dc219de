// Ctrl-Z: a process stops between its write transactions, never in one, or everybody would wait for it (spec: store §2.3).

const IN_TRANSACTION = 0
const STOPPING = 1
/** A transaction that takes longer than this is stopped all the same. */
const PATIENCE_MS = 5_000

/** Shared by the thread that writes and the main thread, which gets the signal. */
export class StopGate {
  readonly memory: SharedArrayBuffer
  readonly #cells: Int32Array

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(8)) {
    this.memory = memory
    this.#cells = new Int32Array(memory)
  }

  /** On the writing thread, before a transaction. */
  enter(): void {
    for (;;) {
      Atomics.store(this.#cells, IN_TRANSACTION, 1)
      if (Atomics.load(this.#cells, STOPPING) === 0) return
      this.leave()
      Atomics.wait(this.#cells, STOPPING, 1, PATIENCE_MS)
    }
  }

  leave(): void {
    Atomics.store(this.#cells, IN_TRANSACTION, 0)
    Atomics.notify(this.#cells, IN_TRANSACTION)
  }

  close(): void {
    Atomics.store(this.#cells, STOPPING, 1)
    Atomics.wait(this.#cells, IN_TRANSACTION, 1, PATIENCE_MS)
  }

  open(): void {
    Atomics.store(this.#cells, STOPPING, 0)
    Atomics.notify(this.#cells, STOPPING)
  }
}

const gates = new Set<StopGate>()

/** A handler runs between the main thread's own transactions by itself; other threads have to be waited for. */
function stopSelf(): void {
  for (const gate of gates) gate.close()
  process.kill(process.pid, 'SIGSTOP')
  for (const gate of gates) gate.open()
}

/** While the result lives, SIGTSTP waits for the transaction behind the gate. */
export function guardStops(gate: StopGate): Disposable {
  if (gates.size === 0) process.on('SIGTSTP', stopSelf)
  gates.add(gate)
  return {
    [Symbol.dispose]: () => {
      gates.delete(gate)
      if (gates.size === 0) process.off('SIGTSTP', stopSelf)
    },
  }
}
