// Room for connections: when there is none, the one that has been doing nothing for the longest time makes some.

import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/** What node:net drops before anybody sees it, in case that nothing can be thrown out. */
const SPARE = 64

export interface Room {
  /** A request has come: it is not thrown out before it has its answer. */
  busy(socket: Socket): void
  idle(socket: Socket): void
}

/** Slow heads and kept connections would otherwise keep everybody else out. */
export function makeRoom(server: Server, max: number): Room {
  if (max === 0) return { busy: () => {}, idle: () => {} }
  server.maxConnections = max + SPARE
  const open = new Set<Socket>()
  /** Those that are idle for the longest time first. */
  const idle = new Set<Socket>()
  const forget = (socket: Socket): void => {
    open.delete(socket)
    idle.delete(socket)
  }
  server.on('connection', (socket: Socket) => {
    // A tunnel's socket comes in a second time, as the connection inside it.
    if (open.has(socket)) return
    if (open.size >= max) {
      const [longest = socket] = idle
      forget(longest)
      longest.destroy()
      if (longest === socket) return
    }
    open.add(socket)
    idle.add(socket)
    socket.once('close', () => forget(socket))
  })
  return {
    busy: socket => {
      idle.delete(socket)
    },
    idle: socket => {
      if (open.has(socket)) idle.add(socket)
    },
  }
}
