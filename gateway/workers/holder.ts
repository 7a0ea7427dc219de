// Listening sockets that the daemon holds and its workers accept from: they outlive each worker, so that none that dies closes the port.

import { lookup } from 'node:dns/promises'
import net, { isIP, type ListenOptions } from 'node:net'
import { getSystemErrorName } from 'node:util'
import { explainListenError, type ListenOrigin, parseListen, socketsOf, urlOf } from '../listen.ts'

export interface HeldPort {
  /** To be handed on to child processes. */
  readonly fds: readonly number[]
  readonly url: string
  readonly port: number
  /** Those who have the sockets keep them. */
  close(): void
}

interface ServerHandle {
  readonly fd: number
  getsockname?(into: { port?: number }): number
  close(): void
}

/**
 * Bound, but nothing is accepted here. It is what node:cluster shares its ports by, which gives them up when the last worker
 * has gone; a `net.Server` would accept by itself. Not documented, hence not typed.
 */
type MakeHandle = (address: string, port: number, family: 4 | 6 | -1) => ServerHandle | number
const { _createServerHandle: makeHandle } = net as typeof net & { readonly _createServerHandle: MakeHandle }

export async function holdPort(listen: string, origin: ListenOrigin): Promise<HeldPort> {
  const address = parseListen(listen)
  const handles: ServerHandle[] = []
  const close = () => {
    for (const handle of handles.splice(0)) handle.close()
  }
  let port = 0
  for (const where of socketsOf(address)) {
    try {
      const handle = await bind(port > 0 ? { ...where, port } : where)
      handles.push(handle)
      port = portOf(handle)
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? ''
      // A machine without IPv6 still has the other loopback.
      if (handles.length > 0 && ['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(code)) continue
      close()
      throw explainListenError(error as NodeJS.ErrnoException, listen, origin)
    }
  }
  return { fds: handles.map(({ fd }) => fd), url: urlOf(address, port), port, close }
}

async function bind({ host, port = 0, path }: ListenOptions): Promise<ServerHandle> {
  if (path !== undefined) return made(makeHandle(path, -1, -1))
  const { address } = await lookup(host ?? '')
  const handle = made(makeHandle(address, port, isIP(address) === 6 ? 6 : 4))
  if (port === 0 || portOf(handle) === port) return handle
  // A port that is taken is told only to who listens; who listens on a socket without one gets any.
  handle.close()
  throw failed('EADDRINUSE')
}

function made(handle: ServerHandle | number): ServerHandle {
  if (typeof handle !== 'number') return handle
  throw failed(getSystemErrorName(handle))
}

const failed = (code: string) => Object.assign(new Error(`bind: ${code}`), { code })

function portOf(handle: ServerHandle): number {
  const name: { port?: number } = {}
  handle.getsockname?.(name)
  return name.port ?? 0
}
