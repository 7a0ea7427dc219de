// A log across threads: a worker's lines are sent as data, and written by the one logger of the process.

import { type LogFields, type Logger, type LogLevel, plainField } from './log.ts'

export interface LogRecord {
  readonly level: LogLevel
  readonly part: string
  readonly message: string
  readonly fields: LogFields
}

const LEVELS: readonly LogLevel[] = ['error', 'warn', 'info', 'debug', 'trace']

/** The most talkative level that is written. */
export const levelOf = (log: Logger): LogLevel => LEVELS.findLast(level => log.enabled(level)) ?? 'error'

/** For the worker. */
export function relayLogger(level: LogLevel, send: (record: LogRecord) => void, part = ''): Logger {
  const most = LEVELS.indexOf(level)
  const emit = (at: LogLevel, message: string, fields: LogFields = {}): void => {
    if (LEVELS.indexOf(at) > most) return
    const plain = Object.entries(fields).map(([key, value]) => [key, plainField(key, value)])
    send({ level: at, part, message, fields: Object.fromEntries(plain) })
  }
  return {
    error: (message, fields) => emit('error', message, fields),
    warn: (message, fields) => emit('warn', message, fields),
    info: (message, fields) => emit('info', message, fields),
    debug: (message, fields) => emit('debug', message, fields),
    trace: (message, fields) => emit('trace', message, fields),
    part: name => relayLogger(level, send, part === '' ? name : `${part}:${name}`),
    enabled: at => LEVELS.indexOf(at) <= most,
  }
}

/** For the main thread. */
export const writeRecord = (log: Logger, { level, part, message, fields }: LogRecord): void =>
  (part === '' ? log : log.part(part))[level](message, fields)
