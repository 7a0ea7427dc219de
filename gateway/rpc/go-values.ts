// Go's spelling of booleans, integers and durations, as option values of the RPC use it (spec: kubo-rpc §1.3).

/** An empty value is true, as in `?recursive`. */
export function parseBool(text: string): boolean | undefined {
  const value = text.toLowerCase()
  if (value === '' || value === '1' || value === 't' || value === 'true') return true
  if (value === '0' || value === 'f' || value === 'false') return false
  return undefined
}

const INTEGER =
  /^([+-]?)(0x_?[\da-f]+(?:_[\da-f]+)*|0b_?[01]+(?:_[01]+)*|0o?_?[0-7]+(?:_[0-7]+)*|[1-9]\d*(?:_\d+)*|0)$/i

/** Base by prefix: `0644` is octal, `0x1a4` hexadecimal, `420` decimal. */
export function parseInteger(text: string, range: { readonly min: bigint; readonly max: bigint }): number | undefined {
  const match = INTEGER.exec(text)
  if (match === null) return undefined
  const digits = (match[2] ?? '').replaceAll('_', '').toLowerCase()
  const magnitude = BigInt(/^0[0-7]/.test(digits) ? `0o${digits.slice(1)}` : digits)
  const value = match[1] === '-' ? -magnitude : magnitude
  return value < range.min || value > range.max ? undefined : Number(value)
}

const UNIT_MS: Record<string, number> = { ns: 1e-6, us: 1e-3, µs: 1e-3, μs: 1e-3, ms: 1, s: 1e3, m: 60e3, h: 3600e3 }
const DURATION_PART = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/gy

/** `300ms`, `1h30m` → milliseconds. A bare number is a duration only if it is 0. */
export function parseGoDuration(text: string): number | undefined {
  const sign = text.startsWith('-') ? -1 : 1
  const body = text.replace(/^[+-]/, '')
  if (body === '0') return 0
  let total = 0
  let length = 0
  for (const [whole, value, unit] of body.matchAll(DURATION_PART)) {
    total += Number(value) * (UNIT_MS[unit ?? ''] ?? 0)
    length += whole.length
  }
  return length === 0 || length !== body.length ? undefined : sign * total
}

/** Milliseconds as Go prints a duration: `1.5s`, `12ms`, `350µs`. */
export function formatGoDuration(durationMs: number): string {
  const short = (value: number) => String(Number(value.toPrecision(9)))
  if (durationMs === 0) return '0s'
  if (durationMs < 1e-3) return `${Math.round(durationMs * 1e6)}ns`
  if (durationMs < 1) return `${short(durationMs * 1e3)}µs`
  if (durationMs < 1e3) return `${short(durationMs)}ms`
  const minutes = Math.floor(durationMs / 60e3)
  const seconds = `${short((durationMs - minutes * 60e3) / 1e3)}s`
  if (minutes === 0) return seconds
  return minutes < 60 ? `${minutes}m${seconds}` : `${Math.floor(minutes / 60)}h${minutes % 60}m${seconds}`
}
