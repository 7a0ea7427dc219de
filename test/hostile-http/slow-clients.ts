// A program of its own, since each client is a descriptor: many clients that send their head, send a body, or read their answer, as slowly as they may.

import { connect, type Socket } from 'node:net'

const [port = '', many = '', small = '', large = ''] = process.argv.slice(2)
const COUNT = Number(many)
const BEAT_MS = 1000
const HEAD = `GET ${small} HTTP/1.1\r\nHost: x\r\nX-Slow: `
const BODY = `GET ${small} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n`
const READ = `GET ${large} HTTP/1.1\r\nHost: x\r\n\r\n`

interface Slow {
  readonly kind: number
  socket: Socket | undefined
}

const counts = { opened: 0, closed: 0, refused: 0 }

function open(slow: Slow): void {
  const socket = connect({ port: Number(port), host: '127.0.0.1' })
  slow.socket = socket
  socket.on('connect', () => {
    counts.opened++
    socket.write([HEAD, BODY, READ][slow.kind] ?? '')
  })
  socket.on('error', error => {
    if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') counts.refused++
  })
  // Whoever is thrown out comes again, at the next beat.
  socket.on('close', () => {
    counts.closed++
    slow.socket = undefined
  })
  socket.on('data', () => {
    if (slow.kind === 2) socket.pause()
  })
}

const clients = Array.from({ length: COUNT }, (_, index): Slow => ({ kind: index % 3, socket: undefined }))

/** A tenth of them at a time, so that nobody comes in one burst. */
function beat(part: number): void {
  for (let index = part; index < clients.length; index += 10) {
    const slow = clients[index] as Slow
    if (slow.socket === undefined) open(slow)
    else if (slow.kind === 2) slow.socket.resume()
    else slow.socket.write('x')
  }
}

let part = 0
setInterval(() => {
  beat(part)
  part = (part + 1) % 10
  if (part !== 0) return
  const connected = clients.filter(({ socket }) => socket?.readyState === 'open').length
  process.send?.({ ...counts, connected })
}, BEAT_MS / 10)

process.on('disconnect', () => process.exit())
