// All that loads at once with an entry, made one file: bundling with lazy parts splits what they share with it into dozens,
// and each file costs more than its code.

import { basename } from 'node:path'
import type { BuildOptions, BuildResult, OutputFile, Plugin } from 'esbuild'

type Esbuild = typeof import('esbuild')
type Built = BuildResult<{ write: false; metafile: true }>

/**
 * The outputs of a split build, with `entry` and its chunks joined. In the place of each chunk stands a file of names for the
 * parts that come later: they find the very same module.
 */
export async function joinCore(
  esbuild: Esbuild,
  { built, entry, options }: { built: Built; entry: string; options: BuildOptions },
): Promise<OutputFile[]> {
  const outputs = new Map(Object.entries(built.metafile.outputs).map(([path, output]) => [basename(path), output]))
  const core = new Set([entry])
  for (const name of core) {
    for (const { path, kind, external } of outputs.get(name)?.imports ?? [])
      if (kind === 'import-statement' && external !== true) core.add(basename(path))
  }
  const chunks = [...core].filter(name => name !== entry)
  const prefixed = (chunk: string, name: string) => JSON.stringify(`${chunks.indexOf(chunk)}:${name}`)
  const names = (chunk: string, pair: (name: string) => string) =>
    (outputs.get(chunk)?.exports ?? []).map(pair).join(', ')
  const all = [
    `export * from './${entry}'`,
    ...chunks.map(
      chunk =>
        `export { ${names(chunk, name => `${JSON.stringify(name)} as ${prefixed(chunk, name)}`)} } from './${chunk}'`,
    ),
  ]
  const joined = await esbuild.build({
    ...options,
    splitting: false,
    entryPoints: { [basename(entry, '.js')]: 'core' },
    plugins: [fromMemory(built.outputFiles, { core, contents: all.join('\n') })],
    write: false,
  })
  const stubs = chunks.map(chunk => ({
    chunk,
    text: `export { ${names(chunk, name => `${prefixed(chunk, name)} as ${JSON.stringify(name)}`)} } from './${entry}'\n`,
  }))
  const isCore = ({ path }: OutputFile) => core.has(basename(path).replace(/\.map$/, ''))
  const encoder = new TextEncoder()
  return [
    ...built.outputFiles.filter(file => !isCore(file)),
    ...joined.outputFiles,
    ...stubs.map(({ chunk, text }) => {
      const file = built.outputFiles.find(({ path }) => basename(path) === chunk) as OutputFile
      return { path: file.path, hash: file.hash, text, contents: encoder.encode(text) }
    }),
  ]
}

/** Reads what was built before, with its source map; parts that come later stay where they are. */
function fromMemory(files: readonly OutputFile[], { core, contents }: { core: Set<string>; contents: string }): Plugin {
  const byName = new Map(files.map(file => [basename(file.path), file]))
  const namespace = 'built'
  return {
    name: 'from-memory',
    setup: ({ onLoad, onResolve }) => {
      onResolve({ filter: /.*/ }, ({ path }) => {
        if (path === 'core') return { path, namespace }
        const name = basename(path)
        return path.startsWith('./') && core.has(name) ? { path: name, namespace } : { path, external: true }
      })
      onLoad({ filter: /.*/, namespace }, ({ path }) => {
        if (path === 'core') return { contents }
        const map = Buffer.from(byName.get(`${path}.map`)?.contents ?? []).toString('base64')
        const text = byName.get(path)?.text.replace(/\/\/# sourceMappingURL=.*\n?$/, '') ?? ''
        return { contents: `${text}\n//# sourceMappingURL=data:application/json;base64,${map}\n` }
      })
    },
  }
}
