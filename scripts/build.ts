// Builds dist/: few files, because each costs more than its code. Helia, libp2p and zod stay outside and load when needed.

import { readdirSync } from 'node:fs'
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { BuildOptions, OutputFile } from 'esbuild'
import { joinCore } from './build/join-core.ts'
import { allCommands, cliParts, commandParts, lazyGlob, leanBuiltins } from './build/plugins.ts'

const ROOT = join(import.meta.dirname, '..')
const DIST = join(ROOT, 'dist')

/**
 * Not bundled: some read their own package.json by path, and whoever uses them pays for the network anyway. They take our CIDs
 * by their form. @helia/unixfs takes only those of its own class: it must share that class with us, in the bundle or outside.
 */
const EXTERNAL = [
  'helia',
  '@helia/bitswap',
  '@helia/interface',
  '@helia/libp2p',
  'libp2p',
  '@libp2p/*',
  '@chainsafe/*',
  '@multiformats/*',
  'zod',
]
/** For the library, whose users bring CIDs and a UnixFS of their own. */
const SHARED_WITH_USERS = ['@helia/unixfs', 'multiformats', 'multiformats/*']

const COMMON: BuildOptions = {
  absWorkingDir: ROOT,
  outdir: DIST,
  bundle: true,
  minify: true,
  sourcemap: 'linked',
  format: 'esm',
  platform: 'node',
  target: 'node24',
  external: EXTERNAL,
  write: false,
  plugins: [leanBuiltins, lazyGlob],
  logLevel: 'warning',
}
const COMMANDS = {
  ...COMMON,
  entryPoints: { commands: 'all-commands' },
  chunkNames: 'part-[name]-[hash]',
  splitting: true,
  metafile: true,
  write: false,
  plugins: [leanBuiltins, lazyGlob, allCommands, commandParts],
} as const satisfies BuildOptions

/** A process with lazy parts of its own: what it needs to serve is one file. */
const GATEWAY_WORKER = {
  ...COMMON,
  entryPoints: { 'gateway-worker': 'gateway/workers/gateway-worker.ts' },
  chunkNames: 'worker-[name]-[hash]',
  splitting: true,
  metafile: true,
  write: false,
} as const satisfies BuildOptions

export async function build(): Promise<{ files: number; ms: number }> {
  const startedAt = performance.now()
  const esbuild = await loadEsbuild()
  const builds: BuildOptions[] = [
    { ...COMMON, entryPoints: { cli: 'cli/main.ts' }, plugins: [leanBuiltins, cliParts] },
    {
      ...COMMON,
      entryPoints: { index: 'src/index.ts' },
      external: [...EXTERNAL, ...SHARED_WITH_USERS],
      chunkNames: 'lib-[name]-[hash]',
      splitting: true,
    },
    { ...COMMON, entryPoints: findWorkers() },
  ]
  const [commands, worker, ...results] = await Promise.all([
    esbuild.build(COMMANDS),
    esbuild.build(GATEWAY_WORKER),
    ...builds.map(options => esbuild.build(options)),
  ])
  const files = [
    ...(await joinCore(esbuild, { built: commands, entry: 'commands.js', options: COMMON })),
    ...(await joinCore(esbuild, { built: worker, entry: 'gateway-worker.js', options: COMMON })),
    ...results.flatMap(({ outputFiles }) => outputFiles ?? []),
  ]
  await writeAll(files)
  return { files: files.length, ms: performance.now() - startedAt }
}

async function loadEsbuild(): Promise<typeof import('esbuild')> {
  try {
    return await import('esbuild')
  } catch (cause) {
    throw new Error('building needs the development dependencies: run `npm ci` without --omit=dev', { cause })
  }
}

/** Threads: `commit-worker.ts` → dist/commit-worker.js, whoever starts it finds it beside its own file, in src/ and in dist/. */
function findWorkers(): Record<string, string> {
  const files = ['src', 'gateway', 'cli'].flatMap(folder =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map(name => join(folder, name)),
  )
  return Object.fromEntries(
    files
      .filter(name => name.endsWith('-worker.ts') && name !== GATEWAY_WORKER.entryPoints['gateway-worker'])
      .map(name => [basename(name, '.ts'), name]),
  )
}

/** Each file appears whole; what an earlier build left goes last, so that a program started meanwhile finds its parts. */
async function writeAll(files: readonly OutputFile[]): Promise<void> {
  await mkdir(DIST, { recursive: true })
  for (const { path, contents } of files) {
    const temp = `${path}.${process.pid}.tmp`
    await writeFile(temp, contents)
    await rename(temp, path)
  }
  const kept = new Set(files.map(({ path }) => basename(path)))
  for (const name of await readdir(DIST)) {
    if (!kept.has(name) && name !== '.cache' && !name.endsWith('.tmp')) {
      await rm(join(DIST, name), { recursive: true, force: true })
    }
  }
}

if (import.meta.main) {
  const { files, ms } = await build()
  console.log(`built ${files} files in dist/ (${Math.round(ms)} ms)`)
}
