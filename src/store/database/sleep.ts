// A thread that waits without a turn of its event loop: for worker threads, and for milliseconds while opening.

const cell = new Int32Array(new SharedArrayBuffer(4))

export const sleep = (durationMs: number): void => void Atomics.wait(cell, 0, 0, durationMs)
