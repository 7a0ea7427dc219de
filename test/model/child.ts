// A process that holds a handle for the model test and does what it is told over IPC.

import { flushCompileCache } from 'node:module'
import { Actor, type Command } from './actor.ts'
import { setClock } from './clock.ts'

const actor = new Actor()

process.on('message', async (message: { command: Command; offsetMs: number }) => {
  setClock(message.offsetMs)
  process.send?.(await actor.run(message.command))
  // It will be killed and cannot do so as it ends.
  if (message.command.do === 'close') flushCompileCache()
})
process.on('disconnect', () => process.exit())
