// `cairn add`: files, folders and stdin become content under CIDs, durable and pinned when it ends.

import { lstatSync } from 'node:fs'
import type { AddEvent, AddOptions, ImportSource } from '../../src/api/add.ts'
import { escapeName } from '../../src/dag/names.ts'
import { CairnError, toCairnError } from '../../src/errors.ts'
import { enforce } from '../../src/limits.ts'
import { addExamples, addFlags } from '../add-flags.ts'
import { createAddMeter } from '../add-meter.ts'
import { type CommandContext, command as define } from '../command.ts'
import { inputsOr, readInput } from '../input.ts'
import { countInput, type InputCount } from '../input-size.ts'
import { defined, jsonLine } from '../print.ts'
import { createProgress, type Progress } from '../progress.ts'

type Context = CommandContext<typeof addFlags>

export const command = define({
  args: [{ name: 'PATH', doc: 'Files and folders; - or nothing for stdin', optional: true, many: true }],
  flags: addFlags,
  examples: addExamples,
  details: [
    'What can be read is added even if something else cannot: that is listed, and the exit code is 3. Content that is here already costs no room.',
  ],
  run: async context => {
    const { args, flags, globals, io } = context
    const paths = inputsOr(args, io, 'PATH')
    const sources = paths.map(path => toSource(path, context))
    const options = toOptions(context)
    using progress = createProgress({
      out: io.stderr,
      label: 'adding',
      enabled: globals.progress ?? io.stderr.isTerminal,
    })
    const total = countInput(paths, { enabled: progress.enabled, hidden: flags.hidden === true })
    const events = flags['only-hash'] === true ? await hashOnly(sources, options) : addTo(context, sources, options)
    await tell(events, context, progress, total)
  },
})

async function hashOnly(sources: readonly ImportSource[], options: AddOptions): Promise<AsyncIterable<AddEvent>> {
  const open = await import('../open.ts')
  return open.hashOnly(sources, options)
}

async function* addTo(
  { session }: Context,
  sources: readonly ImportSource[],
  options: AddOptions,
): AsyncGenerator<AddEvent> {
  const node = await session.open({ create: true, local: true })
  yield* node.add(sources, options)
}

function toSource(path: string, { flags, io }: Context): ImportSource {
  if (path === '-') return { kind: 'stream', name: flags['stdin-name'] ?? '', content: readInput('-', io) }
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined)
    throw new CairnError('NOT_FOUND', `there is no file or folder ${path}`, { hint: 'check the path' })
  return { kind: 'path', path }
}

function toOptions({ flags, session, signal }: Context): AddOptions {
  const version = flags['cid-version']
  if (version !== undefined && version !== 0 && version !== 1)
    throw new CairnError('USAGE', `--cid-version: ${version} is neither 0 nor 1`)
  if (flags['to-files']?.startsWith('/') === false)
    throw new CairnError('USAGE', `--to-files: "${flags['to-files']}" is not a path of the files tree`, {
      hint: 'it begins with /',
    })
  enforce('pinNameBytes', Buffer.byteLength(flags['pin-name'] ?? ''), '--pin-name')
  return {
    signal,
    profile: (flags.profile as AddOptions['profile']) ?? session.config().config.import.profile,
    ...defined({
      cidVersion: version,
      rawLeaves: flags['raw-leaves'],
      chunker: flags.chunker,
      hash: flags.hash,
      trickle: flags.trickle,
      inline: flags.inline,
      inlineLimit: flags['inline-limit'],
      maxFileLinks: flags['max-file-links'],
      maxDirectoryLinks: flags['max-directory-links'],
      maxHamtFanout: flags['max-hamt-fanout'],
      wrapWithDirectory: flags['wrap-with-directory'],
      preserveMode: flags['preserve-mode'],
      preserveMtime: flags['preserve-mtime'],
      mode: flags.mode,
      mtime: flags.mtime,
      mtimeNsecs: flags['mtime-nsecs'],
      hidden: flags.hidden,
      ignore: flags.ignore,
      ignoreRulesPath: flags['ignore-rules-path'],
      dereferenceArgs: flags['dereference-args'],
      dereferenceSymlinks: flags['dereference-symlinks'],
      emptyDirs: flags['empty-dirs'],
      onlyHash: flags['only-hash'],
      pin: flags.pin,
      pinName: flags['pin-name'],
      toFiles: flags['to-files'],
    }),
  }
}

/** Prints what happens; PARTIAL at the end if something could not be read. */
async function tell(
  events: AsyncIterable<AddEvent>,
  context: Context,
  progress: Progress,
  total: InputCount,
): Promise<void> {
  const { flags, globals, io } = context
  const isListed = flags.quieter !== true && flags.silent !== true
  const say = (event: object, text: string): void => {
    progress.clear()
    io.stdout.write(globals.json === true ? jsonLine(event) : `${text}\n`)
  }
  const meter = createAddMeter()
  const show = (note: string): void => {
    total.step()
    progress.update({ done: meter.done, ...defined({ total: total.bytes }), note })
  }
  for await (const event of events) {
    if (progress.enabled) meter.take(event)
    if (event.type === 'progress') {
      show(event.name)
    } else if (event.type === 'added') {
      const { name, cid, totalBytes, mode, mtime } = event
      const text = globals.quiet === true ? String(cid) : `added ${cid} ${escapeName(name)}`
      if (isListed) say({ type: 'added', name, cid, size: totalBytes, mode, mtime }, text)
      show(name)
    } else if (event.type === 'failed') {
      const { code, message } = toCairnError(event.error)
      progress.clear()
      if (globals.json === true)
        io.stdout.write(jsonLine({ type: 'failed', name: event.name, error: { code, message } }))
      else io.stderr.write(`${io.stderr.style('red', 'not added:')} ${escapeName(message)}\n`)
    } else {
      await finish(event, context, say)
    }
  }
}

async function finish(
  { roots, failed }: AddEvent & { type: 'done' },
  { flags, globals, io, session, signal }: Context,
  say: (event: object, text: string) => void,
): Promise<void> {
  const root = roots.at(-1)
  if (flags.silent !== true && (flags.quieter === true || globals.json === true))
    say({ type: 'done', roots, failed }, String(root ?? ''))
  if (root !== undefined && io.stderr.isTerminal && flags['only-hash'] !== true && globals.json !== true) {
    const { gatewayUrl } = await import('../endpoint.ts')
    const url = await gatewayUrl(session.repo, { signal })
    if (url !== undefined) io.stderr.write(`${io.stderr.style('dim', 'see it at')} ${url}/ipfs/${root}\n`)
  }
  if (failed > 0) throw new CairnError('PARTIAL', `${failed} ${failed === 1 ? 'entry' : 'entries'} could not be added`)
}
