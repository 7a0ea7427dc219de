// dag/export, dag/stat: whole DAGs, as a CAR and as numbers (spec: kubo-rpc §2.3).

import { loadBlock } from '../../src/dag/blocks.ts'
import { bool, type Command, command, values } from './command.ts'
import { dagImport } from './dag-import.ts'
import { dagPut } from './dag-put.ts'
import { dagStats } from './dag-stat.ts'
import { localContent } from './offline.ts'
import { cidOfArgument, type NamedContent, targetOfArgument } from './paths.ts'

const exportDag = command({
  args: [{ name: 'root' }],
  options: { progress: bool(false, 'p'), 'local-only': bool(false) },
  run: async ({ node, content, args: [arg = ''], options, signal }) => {
    const skipMissing = options['local-only']
    const source = skipMissing ? { ...content, ...localContent(node.content.local) } : content
    const root = await cidOfArgument(source, arg, { signal })
    return {
      kind: 'bytes',
      type: 'application/vnd.ipld.car',
      content: source.exportCar({ root, segments: [] }, { signal, skipMissing }),
    }
  },
})

const stat = command({
  args: [{ name: 'root', many: true }],
  options: { progress: bool(true, 'p') },
  run: async ({ content, args, options, signal, formatCid }) => {
    const roots = []
    for (const arg of args) roots.push(await presentRoot(content, arg, signal))
    return values(dagStats(content, roots, { progress: options.progress, signal, formatCid }))
  },
})

async function presentRoot(content: NamedContent, arg: string, signal: AbortSignal) {
  const { cid, root } = await targetOfArgument(content, arg, { signal })
  await loadBlock(content.blocks(root), cid, { signal })
  return cid
}

export const DAG_COMMANDS: Record<string, Command> = {
  'dag/export': exportDag,
  'dag/stat': stat,
  'dag/import': dagImport,
  'dag/put': dagPut,
}
