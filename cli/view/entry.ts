// Mode and time of an entry as text.

/** `0644`. */
export const formatMode = (mode: number): string => (mode & 0o7777).toString(8).padStart(4, '0')

/** `2026-11-24T08:00:00Z`; the bare seconds for years that a date cannot hold. */
export function formatMtime({ secs, nsecs }: { secs: bigint; nsecs: number }): string {
  const date = new Date(Number(secs) * 1000 + Math.floor(nsecs / 1e6))
  return Number.isNaN(date.getTime()) ? `${secs} s` : date.toISOString().replace('.000Z', 'Z')
}
