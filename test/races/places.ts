// Where in an act something is, more exactly than by one point: transactions all look the same, what went before tells them apart.

import type { AtPoint } from '../crash/points/points.ts'

/** Calls `at` with `<the last two points outside transactions> / <point>`, and how often that has been passed. */
export function placesOf(at: (place: string, time: number, point: string) => void): AtPoint {
  const times = new Map<string, number>()
  let [before, last] = ['begin', 'begin']
  return point => {
    if (!point.startsWith('transaction: ')) [before, last] = [last, point]
    const place = `${before}, ${last} / ${point}`
    const time = (times.get(place) ?? 0) + 1
    times.set(place, time)
    at(place, time, point)
  }
}

export const pointOf = (place: string): string => place.slice(place.indexOf(' / ') + 3)
