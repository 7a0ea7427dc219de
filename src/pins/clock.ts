// Times of the queue: a wall clock that does not jump while the process lives, and the pause before a pin is tried again.

export interface Clock {
  /** Milliseconds since the epoch as they were when the process began, and steady from then on: for pauses. */
  steady(): number
  /** What the system says now. */
  wall(): number
}

export const SYSTEM_CLOCK: Clock = {
  steady: () => performance.timeOrigin + performance.now(),
  wall: () => Date.now(),
}

/**
 * For what ends at a time of day. A clock that was set forward under us must not end anything early, so the earlier one
 * counts; late is harmless.
 */
export const certainNow = (clock: Clock): number => Math.floor(Math.min(clock.steady(), clock.wall()))

export interface Backoff {
  /** The pause after the first failure. */
  readonly firstMs: number
  readonly mostMs: number
}

export const DEFAULT_BACKOFF: Backoff = { firstMs: 10_000, mostMs: 3_600_000 }

/** Doubles with each failure; a random half of it, so that what failed together does not come back together. */
export function pauseMs(attempts: number, { firstMs, mostMs }: Backoff, random: () => number = Math.random): number {
  const whole = Math.min(mostMs, firstMs * 2 ** Math.min(attempts, 40))
  return Math.round(whole / 2 + (whole / 2) * random())
}
