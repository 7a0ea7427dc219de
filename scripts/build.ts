// Builds dist/: one bundled file per entry, its lazy parts beside it. Helia, libp2p and zod stay outside and load when needed.

import { readdirSync, readFileSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

const ROOT = join(import.meta.dirname, '..')
const DIST = join(ROOT, 'dist')

const ENTRIES = { cli: 'cli/main.ts', index: 'src/index.ts' }
/** Not bundled: some read their own package.json by path, and whoever uses them pays for the network anyway. */
const EXTERNAL = ['helia', '@helia/*', 'libp2p', '@libp2p/*', '@chainsafe/*', '@multiformats/*', 'zod']
/** `new Worker(new URL('./name.ts', import.meta.url))`: each becomes an entry of its own, found under the same name in dist. */
const WORKER_URL = /new URL\(\s*'(\.[^']+)\.ts',\s*import\.meta\.url\s*,?\s*\)/g

export async function build(): Promise<{ files: number; ms: number }> {
  const startedAt = performance.now()
  const { build: bundle } = await loadEsbuild()
  const { outputFiles = [] } = await bundle({
    absWorkingDir: ROOT,
    entryPoints: { ...ENTRIES, ...findWorkers() },
    outdir: DIST,
    chunkNames: '[name]-[hash]',
    bundle: true,
    splitting: true,
    minify: true,
    sourcemap: 'linked',
    format: 'esm',
    platform: 'node',
    target: 'node24',
    external: EXTERNAL,
    write: false,
    logLevel: 'warning',
    // CommonJS packages ask for Node's own modules by `require`, which a module does not have.
    banner: { js: "import{createRequire as $cr}from'node:module';const require=$cr(import.meta.url);" },
    plugins: [
      {
        name: 'worker-urls',
        setup: ({ onLoad }) => {
          onLoad({ filter: /[\\/](src|gateway|cli)[\\/].*\.ts$/ }, async ({ path }) => ({
            contents: (await readFile(path, 'utf8')).replace(
              WORKER_URL,
              (_, name: string) => `new URL('./${basename(name)}.js', import.meta.url)`,
            ),
            loader: 'ts',
          }))
        },
      },
    ],
  })
  await writeAll(outputFiles)
  return { files: outputFiles.length, ms: performance.now() - startedAt }
}

async function loadEsbuild(): Promise<typeof import('esbuild')> {
  try {
    return await import('esbuild')
  } catch (cause) {
    throw new Error('building needs the development dependencies: run `npm ci` without --omit=dev', { cause })
  }
}

function findWorkers(): Record<string, string> {
  const workers: Record<string, string> = {}
  for (const folder of ['src', 'gateway', 'cli']) {
    for (const name of readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.ts')) continue
      const text = readFileSync(join(ROOT, folder, name), 'utf8')
      for (const [, target = ''] of text.matchAll(WORKER_URL)) {
        workers[basename(target)] = join(folder, dirname(name), `${target}.ts`)
      }
    }
  }
  return workers
}

/** Each file appears whole; what an earlier build left goes last, so that a program started meanwhile finds its parts. */
async function writeAll(files: readonly { path: string; contents: Uint8Array }[]): Promise<void> {
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
