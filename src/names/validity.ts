// When a record ends: RFC 3339 with any fraction, to the nanosecond, without the leniency of `Date`.

const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:Z|([+-])(\d\d):(\d\d))$/

/** Nanoseconds since 1970; `bad` makes the error of a reason. */
export function parseValidity(text: string, bad: (why: string) => Error): bigint {
  const match = RFC3339.exec(text)
  if (match === null) throw bad('its end of validity is no RFC 3339 date')
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number)
  const [offsetHours = 0, offsetMinutes = 0] = match.slice(9, 11).map(digits => Number(digits ?? 0))
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  const isDay = date.getUTCMonth() === month - 1 && date.getUTCDate() === day
  if (!isDay || hour > 23 || minute > 59 || second > 59 || offsetHours > 23 || offsetMinutes > 59)
    throw bad('its end of validity is a date that does not exist')
  const offsetMs = (offsetHours * 60 + offsetMinutes) * 60_000 * (match[8] === '-' ? -1 : 1)
  const ms = date.getTime() + ((hour * 60 + minute) * 60 + second) * 1000 - offsetMs
  const fractionNs = (match[7] ?? '').slice(0, 9).padEnd(9, '0')
  return BigInt(ms) * 1_000_000n + BigInt(fractionNs)
}
