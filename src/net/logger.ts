// libp2p's and Helia's loggers, fed into ours: quiet and nearly free unless the log level asks for them.

import type { ComponentLogger, Logger as LibraryLogger } from '@libp2p/interface'
import type { Logger, LogLevel } from '../observe/log.ts'

/** What the libraries call an error is mostly a peer that went away: it concerns whoever debugs, not the operator. */
const LINE_LEVEL: LogLevel = 'debug'
const TRACE_LEVEL: LogLevel = 'trace'

const silent: LibraryLogger = Object.assign(() => {}, {
  error: () => {},
  trace: () => {},
  enabled: false,
  newScope: () => silent,
})

export function libraryLogger(log: Logger): ComponentLogger {
  return { forComponent: name => (log.enabled(LINE_LEVEL) ? talking(log, name) : silent) }
}

function talking(log: Logger, name: string): LibraryLogger {
  const part = log.part(name.replace(/^(libp2p|helia):/, ''))
  const line = (formatter: unknown, ...args: unknown[]) => part[LINE_LEVEL](format(formatter, args))
  return Object.assign(line, {
    error: line,
    trace: (formatter: unknown, ...args: unknown[]) => {
      if (part.enabled(TRACE_LEVEL)) part[TRACE_LEVEL](format(formatter, args))
    },
    enabled: true,
    newScope: (scope: string) => talking(log, `${name}:${scope}`),
  })
}

/** `%p`, `%c`, `%e`, `%s`, … each take the next argument; all of them print well as strings. */
function format(formatter: unknown, args: readonly unknown[]): string {
  let next = 0
  const text = String(formatter).replace(/%[a-zA-Z%]/g, found => (found === '%%' ? '%' : print(args[next++])))
  return [text, ...args.slice(next).map(print)].join(' ')
}

function print(value: unknown): string {
  if (value instanceof Error) return `${value.name}: ${value.message}`
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  try {
    if (typeof value !== 'object' || value === null || value.toString !== Object.prototype.toString)
      return String(value)
    return JSON.stringify(value) ?? String(value)
  } catch {
    // libp2p logs objects that throw on any access; a log line must not end a dial.
    return '[object]'
  }
}
