// "Did you mean …?": the known name that a mistyped one is closest to.

/** Shorter beginnings could be meant as anything. */
const MIN_PREFIX = 3

/** The only one that `name` begins or that begins `name`, else the closest within a third of its length, or undefined. */
export function closest(name: string, known: Iterable<string>): string | undefined {
  const names = [...known]
  const related = names.filter(
    candidate =>
      Math.min(name.length, candidate.length) >= MIN_PREFIX &&
      (candidate.startsWith(name) || name.startsWith(candidate)),
  )
  if (related.length === 1) return related[0]
  let best: string | undefined
  let least = Math.max(name.length > MIN_PREFIX ? 2 : 1, Math.floor(name.length / 3)) + 1
  for (const candidate of names) {
    if (Math.abs(candidate.length - name.length) >= least) continue
    const distance = edits(name.toLowerCase(), candidate.toLowerCase())
    if (distance < least) {
      least = distance
      best = candidate
    }
  }
  return best
}

/** For a hint; '' if nothing is close. */
export function didYouMean(name: string, known: Iterable<string>, show: (name: string) => string = n => n): string {
  const found = closest(name, known)
  return found === undefined ? '' : `did you mean ${show(found)}?`
}

/** Insertions, deletions, replacements and swaps of neighbours between two words. */
function edits(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + same)
      if (a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, (beforeLast[j - 2] ?? 0) + 1)
      row.push(cost)
    }
    beforeLast = last
    last = row
  }
  return last[b.length] ?? 0
}
