// The command line: words → command → run → exit code. Everything that fails ends here, as one message and one number.

import type { Environment } from '../src/config/paths.ts'
import { CairnError, isCairnError } from '../src/errors.ts'
import { parseTimeout } from '../src/units.ts'
import { type AnyCommand, type CommandContext, GLOBAL_FLAGS } from './command.ts'
import { explain } from './exit.ts'
import { type Io, processIo } from './io.ts'
import { findCommand, type Parsed, parseWords } from './parse.ts'
import { watchSignals } from './signals.ts'
import { errorJson, errorText } from './view/error.ts'

/** Runs one command line; resolves with its exit code when all output is written. */
export async function main(
  argv: readonly string[],
  env: Environment = process.env,
  io: Io = processIo(env),
): Promise<number> {
  const stop = new AbortController()
  const signals = watchSignals(stop)
  try {
    await dispatch(argv, env, io, stop)
    await io.stdout.flush()
    return io.outputLost.aborted ? reportLost(io, argv) : 0
  } catch (error) {
    const code = report(explain(error, stop.signal), argv, io)
    return isCairnError(error, 'CANCELLED') ? (signals.exitCode() ?? code) : code
  } finally {
    signals.stop()
    await Promise.all([io.stdout.flush(), io.stderr.flush()])
  }
}

async function dispatch(argv: readonly string[], env: Environment, io: Io, stop: AbortController): Promise<void> {
  if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) return dispatch(['version'], env, io, stop)
  const found = findCommand(argv)
  if (found.kind === 'group') return showGroup(found, io)
  const { command } = await found.entry.load()
  const parsed = parseWords(found.words, found.entry.name, command)
  if (parsed.globals.help === true) {
    const { commandHelp } = await import('./help.ts')
    io.stdout.write(commandHelp(found.entry, command, io.stdout))
    return
  }
  await run(command, parsed, { env, io, stop })
}

/** `cairn`, `cairn pin`, `cairn --help`: nothing can run, so help is all there is to give. */
async function showGroup({ group, words }: { group: string; words: readonly string[] }, io: Io): Promise<void> {
  const { globals } = parseWords(words, group || 'help', { args: [], flags: {} })
  const { groupHelp, overview } = await import('./help.ts')
  const text = group === '' ? overview(io.stdout) : groupHelp(group, io.stdout)
  if (globals.help === true || group === '') io.stdout.write(text)
  else throw new CairnError('USAGE', `\`cairn ${group}\` needs a command`, { hint: `see \`cairn ${group} --help\`` })
}

async function run(
  command: AnyCommand,
  { args, flags, globals }: Parsed,
  { env, io, stop }: { env: Environment; io: Io; stop: AbortController },
): Promise<void> {
  const { configFlagsOf, createSession } = await import('./session.ts')
  const isService = command.service === true
  const signals = isService ? [stop.signal] : [stop.signal, io.outputLost]
  if (globals.timeout !== undefined && !isService) signals.push(AbortSignal.timeout(parseTimeout(globals.timeout)))
  const signal = AbortSignal.any(signals)
  const configFlags = [...configFlagsOf(GLOBAL_FLAGS, globals), ...configFlagsOf(command.flags, flags)]
  await using session = createSession({ globals, configFlags, env, io, signal, isService })
  const context: CommandContext = { args, flags, globals, io, env, signal, session }
  try {
    await (command as { run(context: CommandContext): Promise<void> }).run(context)
  } catch (error) {
    throw explain(error, signal)
  }
}

/** A reader that has gone needs no words; a full disk under `> file` does. */
function reportLost(io: Io, argv: readonly string[]): number {
  const { reason } = io.outputLost
  return isCairnError(reason) ? report(reason, argv, io) : 141
}

/** Says what failed and gives the exit code. */
function report(error: CairnError, argv: readonly string[], io: Io): number {
  if (io.outputLost.aborted && !isCairnError(io.outputLost.reason)) return 141
  const isVerbose = /(^|\s)--log-level[= ](debug|trace)(\s|$)/.test(argv.join(' ')) || isCairnError(error, 'INTERNAL')
  const text = argv.includes('--json') ? errorJson(error) : errorText(error, io.stderr, isVerbose)
  io.stderr.write(text)
  return error.exit
}
