// A process that holds a handle for the model test and does what it is told over IPC.

import { Actor, type Command } from './actor.ts'
import { setClock } from './clock.ts'

const actor = new Actor()

process.on('message', async (message: { command: Command; offsetMs: number }) => {
  setClock(message.offsetMs)
  process.send?.(await actor.run(message.command))
})
process.on('disconnect', () => process.exit())
