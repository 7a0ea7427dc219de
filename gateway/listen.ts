// Where a server listens, as people write it: `HOST:PORT`, `[::1]:PORT`, `localhost:PORT` or `unix:PATH`.

import type { ListenOptions } from 'node:net'
import { CairnError } from '../src/errors.ts'
import { findPortHolder } from './port-holder.ts'

export type ListenAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }
  /** Sockets that another process has bound and handed on; no configuration can say that. */
  | { readonly kind: 'fds'; readonly fds: readonly number[] }

/** Node takes descriptors here too; its types do not know. */
export type ListenSocket = ListenOptions & { readonly fd?: number }

/** Who asked for this address, so that a failure names what to change. */
export interface ListenOrigin {
  /** What is served there: `gateway`, `api`. */
  readonly name: string
  readonly configKey: string
  readonly flag: string
}

export function parseListen(text: string): ListenAddress {
  if (text.startsWith('unix:') && text.length > 5) return { kind: 'unix', path: text.slice(5) }
  if (/^fds=\d+(?:,\d+)*$/.test(text)) return { kind: 'fds', fds: text.slice(4).split(',').map(Number) }
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:/\s]*)):(\d{1,5})$/i.exec(text)
  const port = Number(match?.[3])
  const host = match?.[1] ?? match?.[2] ?? ''
  if (match === null || port > 65535 || host === '') {
    throw new CairnError('BAD_CONFIG', `"${text}" is not an address to listen on`, {
      hint: 'write it as 127.0.0.1:8080, [::1]:8080, localhost:0 or unix:/run/cairn.sock',
    })
  }
  return { kind: 'tcp', host, port }
}

/** The sockets behind one address: `localhost` is both loopbacks, since browsers may try either for `*.localhost`. */
export function socketsOf(address: ListenAddress): ListenSocket[] {
  if (address.kind === 'unix') return [{ path: address.path }]
  if (address.kind === 'fds') return address.fds.map(fd => ({ fd }))
  const hosts = address.host.toLowerCase() === 'localhost' ? ['127.0.0.1', '::1'] : [address.host]
  return hosts.map(host => ({ host, port: address.port }))
}

export function urlOf(address: ListenAddress, port: number): string {
  if (address.kind === 'unix') return `unix:${address.path}`
  if (address.kind === 'fds') return `fds=${address.fds}`
  return `http://${address.host.includes(':') ? `[${address.host}]` : address.host}:${port}`
}

/** Why listening failed, with the key and the flag that change it and, where it can be known, who is in the way. */
export function explainListenError(error: NodeJS.ErrnoException, listen: string, origin: ListenOrigin): CairnError {
  const change = `choose another with ${origin.flag} HOST:PORT or the config key ${origin.configKey}`
  if (error.code === 'EADDRINUSE') {
    const address = parseListen(listen)
    const holder = address.kind === 'tcp' ? findPortHolder(address.port) : undefined
    const who = holder === undefined ? 'another process' : `${holder.command} (process ${holder.pid})`
    return new CairnError('PORT_IN_USE', `${listen}, meant for the ${origin.name}, is in use by ${who}`, {
      cause: error,
      hint: change,
    })
  }
  if (error.code === 'EACCES' || error.code === 'EPERM') {
    const why = listen.startsWith('unix:') ? 'its folder must be there and yours' : 'ports below 1024 are reserved'
    return new CairnError('FORBIDDEN', `the ${origin.name} may not listen on ${listen}`, {
      cause: error,
      hint: `${why}; ${change}`,
    })
  }
  return new CairnError('BAD_CONFIG', `the ${origin.name} cannot listen on ${listen}: ${error.message}`, {
    cause: error,
    hint: change,
  })
}
