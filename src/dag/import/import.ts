// Import: files, folders and streams become blocks with Kubo's CIDs, block for block.

import { realpathSync } from 'node:fs'
import { basename, resolve, sep } from 'node:path'
import type { CID } from 'multiformats/cid'
import type { AddEvent, AddOptions, ImportSource } from '../../api/add.ts'
import type { BlockSink } from '../../block/source.ts'
import { CairnError } from '../../errors.ts'
import { Folder } from './folder.ts'
import { HashThreads } from './hash-threads.ts'
import { importEntries } from './import-entries.ts'
import { LeafMaker, leafRoom } from './leaf.ts'
import { filterOf } from './listing.ts'
import { recipeOf } from './recipe.ts'
import { SlabPool } from './slabs.ts'
import { attempt } from './source-error.ts'
import { StreamWalk } from './stream-walk.ts'
import { addedEvent, type InputWalk, TreeWalk, type WalkContext } from './tree-walk.ts'
import { BlockWriter } from './writer.ts'

interface Input {
  /** Its place among the roots. */
  readonly index: number
  readonly name: string
  readonly walk: InputWalk
}

/**
 * Files are told as they are done, folders after them, roots last. USAGE and the like are thrown before anything is read; an
 * input that cannot be had at all is thrown too, what cannot be had inside a folder is a `failed` event.
 */
export async function* importSources(
  sources: readonly ImportSource[],
  options: AddOptions,
  sink: BlockSink,
): AsyncGenerator<AddEvent> {
  const { signal } = options
  signal.throwIfAborted()
  const [first] = sources
  if (first?.kind === 'entries' && sources.length === 1) {
    yield* importEntries(first.entries, options, sink)
    return
  }
  const recipe = recipeOf(options)
  const writer = new BlockWriter({ recipe, sink, signal })
  using threads = new HashThreads()
  const folders: AddEvent[] = []
  const context: WalkContext = {
    maker: new LeafMaker(writer, new SlabPool(leafRoom(recipe)), threads),
    filter: filterOf(options),
    options,
    signal,
    exclude: new Set(options.exclude?.map(realOrItself)),
    isWrapped: options.wrapWithDirectory === true,
    folders,
  }
  const wrapper = context.isWrapped ? new Folder(writer, recipe.metadata.forced) : undefined
  const roots: CID[] = []
  let failed = 0
  for (const { index, name, walk } of inputsOf(sources, context)) {
    while (!walk.isDone) {
      const slow = walk.step()
      if (slow !== undefined) yield* slow
      if (writer.mustPause) await writer.pause()
      for (const event of walk.events) {
        if (event.type === 'failed') failed++
        yield event
      }
      walk.events.length = 0
    }
    if (wrapper === undefined) yield* folders.splice(0)
    if (walk.root === undefined) continue
    roots[index] = walk.root.cid
    wrapper?.add(name || walk.root.cid.toString(), walk.root)
  }
  yield* folders
  if (wrapper === undefined) {
    yield { type: 'done', roots, failed }
    return
  }
  const root = await wrapper.finish()
  yield addedEvent('', root, wrapper.metadata)
  yield { type: 'done', roots: [root.cid], failed }
}

/** In the order in which they are read: by name, as Kubo's command line has it, but streams in the order they come. */
function inputsOf(sources: readonly ImportSource[], context: WalkContext): Input[] {
  const { isWrapped } = context
  if (sources.length === 0) throw new CairnError('USAGE', 'nothing to add was named')
  const taken = new Map<string, string>()
  const inputs: Input[] = []
  for (const [index, source] of sources.entries()) {
    if (source.kind === 'entries')
      throw new CairnError('USAGE', 'a stream of entries cannot be added together with others')
    const { name, path, walk } = source.kind === 'path' ? localInput(source, context) : streamInput(source, context)
    if (isWrapped && (name.includes('/') || name === '.' || name === '..'))
      throw new CairnError('USAGE', `"${name}" cannot be the name of an entry in a folder`)
    const other = taken.get(name)
    if (isWrapped && other === path && path !== '') continue
    if (isWrapped && other !== undefined)
      throw new CairnError('USAGE', `two inputs are named "${name}" and cannot lie in one folder`)
    taken.set(name, path)
    inputs.push({ index, name, walk })
  }
  const streams = sources.filter(source => source.kind === 'stream').length
  return streams > 1 ? inputs : inputs.sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)))
}

interface NamedWalk {
  readonly name: string
  readonly path: string
  readonly walk: InputWalk
}

function localInput(source: ImportSource & { kind: 'path' }, context: WalkContext): NamedWalk {
  const { dereferenceArgs, dereferenceSymlinks } = context.options
  const given = resolve(source.path)
  const path =
    dereferenceArgs === true || dereferenceSymlinks === true ? attempt(given, () => realpathSync(given)) : given
  for (const excluded of context.exclude) {
    if (path === excluded || path.startsWith(excluded + sep))
      throw new CairnError('FORBIDDEN', `${path} belongs to what is written to, and cannot be added`)
  }
  const name = source.name ?? basename(path)
  return { name, path, walk: new TreeWalk(context, { path, name }) }
}

function streamInput(source: ImportSource & { kind: 'stream' }, { maker, signal }: WalkContext): NamedWalk {
  return { name: source.name, path: '', walk: new StreamWalk(maker, source, signal) }
}

function realOrItself(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return resolve(path)
  }
}
