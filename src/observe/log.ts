// The log: one event a line on stderr, readable on a terminal, JSON elsewhere, secrets blanked.

export type LogLevel = 'error' | 'warn' | 'info' | 'debug' | 'trace'
export type LogFields = Readonly<Record<string, unknown>>

export interface Logger {
  error(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  debug(message: string, fields?: LogFields): void
  trace(message: string, fields?: LogFields): void
  /** A logger whose lines name a part of the program (`net`, `gateway`). */
  part(name: string): Logger
  enabled(level: LogLevel): boolean
}

const LEVELS: readonly LogLevel[] = ['error', 'warn', 'info', 'debug', 'trace']
const SECRET = /authorization|cookie|token|secret|password|private|psk/i

export interface LogOptions {
  readonly level: LogLevel
  readonly format: 'text' | 'json'
  readonly write?: (line: string) => void
}

export function createLogger(
  { level, format, write = line => process.stderr.write(line) }: LogOptions,
  part = '',
): Logger {
  const most = LEVELS.indexOf(level)
  const emit = (at: LogLevel, message: string, fields: LogFields = {}): void => {
    if (LEVELS.indexOf(at) > most) return
    write(format === 'json' ? jsonLine(at, part, message, fields) : textLine(at, part, message, fields))
  }
  return {
    error: (message, fields) => emit('error', message, fields),
    warn: (message, fields) => emit('warn', message, fields),
    info: (message, fields) => emit('info', message, fields),
    debug: (message, fields) => emit('debug', message, fields),
    trace: (message, fields) => emit('trace', message, fields),
    part: name => createLogger({ level, format, write }, part === '' ? name : `${part}:${name}`),
    enabled: at => LEVELS.indexOf(at) <= most,
  }
}

/** Says nothing: for tests and for commands that report by themselves. */
export const SILENT: Logger = createLogger({ level: 'error', format: 'text', write: () => {} })

function jsonLine(level: LogLevel, part: string, message: string, fields: LogFields): string {
  const line: Record<string, unknown> = { time: new Date().toISOString(), level, ...(part && { part }), msg: message }
  for (const [key, value] of Object.entries(fields)) line[key] = plainField(key, value)
  return `${JSON.stringify(line)}\n`
}

function textLine(level: LogLevel, part: string, message: string, fields: LogFields): string {
  const rest = Object.entries(fields).map(([key, value]) => `${key}=${short(plainField(key, value))}`)
  return `${[new Date().toTimeString().slice(0, 8), level.padEnd(5), part, message, ...rest].filter(Boolean).join(' ')}\n`
}

/** A value as it may be written and sent: no secrets, errors as text. */
export function plainField(key: string, value: unknown): unknown {
  if (SECRET.test(key)) return '[redacted]'
  if (value instanceof Error) return causes(value)
  if (typeof value === 'bigint') return value.toString()
  return value
}

function causes(error: Error): string {
  const text = `${error.name}: ${error.message}`
  return error.cause instanceof Error ? `${text} ← ${causes(error.cause)}` : text
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: names from the network must not steer the terminal
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g

function short(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value))
  return text.replace(CONTROL, char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
