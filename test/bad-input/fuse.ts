// The least that a file system in user space must answer: an empty folder, whose kind is for the mount to say.
// Runs a script of Node against it. Arguments: the folder to mount on, the type, then the script and its arguments.

import { spawn, spawnSync } from 'node:child_process'
import { constants, openSync, readSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

// Blocking, a read that nothing comes to would keep this process from ending.
const FUSE = openSync('/dev/fuse', constants.O_RDWR | constants.O_NONBLOCK)
/** Where `mount` sees it. */
const PASSED = 3
const [LOOKUP, FORGET, GETATTR, STATFS, INIT, ACCESS, DESTROY] = [1, 2, 3, 17, 26, 34, 38]
const [ENOENT, ENOSYS] = [-2, -38]

const [folder = '', type = '', ...command] = process.argv.slice(2)
const options = `fd=${PASSED},rootmode=40000,user_id=${process.getuid?.()},group_id=${process.getgid?.()}`
const { status } = spawnSync('mount', ['-i', '-t', type, '-o', options, 'none', folder], {
  stdio: ['ignore', 'inherit', 'inherit', FUSE],
})
if (status !== 0) process.exit(99)

const child = spawn(process.execPath, command, { stdio: 'inherit' })
child.on('exit', code => process.exit(code ?? 98))

/** `struct fuse_attr_out` of protocol 7.8 for the root: a folder that everybody may write to. */
function attributes(): Buffer {
  const body = Buffer.alloc(96)
  body.writeBigUInt64LE(1n, 16)
  body.writeUInt32LE(0o40777, 16 + 60)
  body.writeUInt32LE(2, 16 + 64)
  return body
}

/** `struct fuse_init_out`, protocol 7.8: everything later is optional. */
function protocol(): Buffer {
  const body = Buffer.alloc(24)
  body.writeUInt32LE(7, 0)
  body.writeUInt32LE(8, 4)
  body.writeUInt32LE(4096, 20)
  return body
}

function answerTo(operation: number): Buffer | number {
  if (operation === INIT) return protocol()
  if (operation === GETATTR) return attributes()
  if (operation === STATFS) return Buffer.alloc(80)
  if (operation === ACCESS || operation === DESTROY) return 0
  return operation === LOOKUP ? ENOENT : ENOSYS
}

/** False if no request is waiting. */
function serveOne(request: Buffer): boolean {
  try {
    readSync(FUSE, request, 0, request.length, null)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return false
    throw error
  }
  const operation = request.readUInt32LE(4)
  if (operation === FORGET) return true
  const answer = answerTo(operation)
  const body = typeof answer === 'number' ? Buffer.alloc(0) : answer
  const head = Buffer.alloc(16)
  head.writeUInt32LE(16 + body.length, 0)
  head.writeInt32LE(typeof answer === 'number' ? answer : 0, 4)
  request.copy(head, 8, 8, 16)
  writeSync(FUSE, Buffer.concat([head, body]))
  return true
}

const request = Buffer.alloc(1 << 20)
for (;;) {
  if (!serveOne(request)) await sleep(1)
}
