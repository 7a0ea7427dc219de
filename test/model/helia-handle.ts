// Helia's own pins and collector behind the handle of the model test: they are known to lose data, and a test must find that.

import { createHeliaLight, type Helia } from 'helia'
import type { Command, Reply } from './actor.ts'
import type { Handle } from './handle.ts'
import { blockAt, dagAt } from './universe.ts'

export function heliaHandle(): Handle {
  const helia = createHeliaLight()
  return {
    isProcess: false,
    kill: async () => false,
    signal: () => false,
    async send(command): Promise<Reply> {
      try {
        return { value: await run(helia, command) }
      } catch (error) {
        return { error: 'OTHER', text: String(error) }
      }
    },
  }
}

async function run(helia: Helia, command: Command): Promise<unknown> {
  switch (command.do) {
    case 'add': {
      const { root, blocks } = dagAt(command.dag)
      for (const key of blocks) await helia.blockstore.put(blockAt(key).cid, blockAt(key).bytes)
      const isPinned = (await Array.fromAsync(helia.pins.ls({ cid: root }))).length > 0
      return isPinned ? null : Array.fromAsync(helia.pins.add(root))
    }
    case 'unpin':
      return Array.fromAsync(helia.pins.rm(dagAt(command.dag).root))
    case 'gc':
      return helia.gc()
    case 'look': {
      const seen: string[] = []
      for (const key of command.keys) if (await helia.blockstore.has(blockAt(key).cid)) seen.push(key)
      return seen
    }
    default:
      return []
  }
}
