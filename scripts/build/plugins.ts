// How the bundles of dist/ differ from their sources: Node's own modules, lazy parts, all commands as one file.

import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { isBuiltin } from 'node:module'
import { basename, join } from 'node:path'
import type { Plugin } from 'esbuild'

const ROOT = join(import.meta.dirname, '../..')

/**
 * Node's own modules by `getBuiltinModule`, and of each only what is used. An `import` reads every export, those too that
 * load their part of Node when they are read: `node:http` brings all of undici along, 40 ms in place of 4.
 */
export const leanBuiltins: Plugin = {
  name: 'lean-builtins',
  setup: ({ onLoad, onResolve }) => {
    onResolve({ filter: /^(node:)?[\w/]+$/ }, ({ path, kind }) =>
      isBuiltin(path)
        ? { path: path.replace(/^(node:)?/, 'node:'), namespace: kind === 'require-call' ? 'required' : 'imported' }
        : undefined,
    )
    onLoad({ filter: /.*/, namespace: 'required' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)})`,
    }))
    onLoad({ filter: /.*/, namespace: 'imported' }, ({ path }) => ({ contents: importOf(path) }))
  },
}

/** Every export as a constant of its own, marked as free of effects: the bundler leaves out those that nobody uses. */
function importOf(path: string): string {
  const names = Object.keys(process.getBuiltinModule(path) ?? {}).filter(name => /^[A-Za-z_]\w*$/.test(name))
  return [
    `const whole = /* @__PURE__ */ process.getBuiltinModule(${JSON.stringify(path)})`,
    'const get = name => whole[name]',
    'export { whole as default }',
    ...names.map(
      (name, i) => `const v${i} = /* @__PURE__ */ get(${JSON.stringify(name)}); export { v${i} as ${name} }`,
    ),
  ].join('\n')
}

/** blockstore-fs lists folders with it-glob, whose matchers take 10 ms to load; Cairn lists by its index, and never calls it. */
export const lazyGlob: Plugin = {
  name: 'lazy-glob',
  setup: ({ onLoad, onResolve }) => {
    onResolve({ filter: /^it-glob$/ }, ({ path, kind }) =>
      kind === 'import-statement' ? { path, namespace: 'lazy-glob' } : { path, external: true },
    )
    onLoad({ filter: /.*/, namespace: 'lazy-glob' }, () => ({
      contents: 'export default async function* (...all) { yield* (await import("it-glob")).default(...all) }',
    }))
  },
}

/** What `cairn --help` needs is one file: these lazy parts go into it, all others come from commands.js. */
const WITH_CLI = new Set(['help', 'version', 'completion'])
/** Lazy in the sources, but at hand in commands.js: as a file of its own it would split what both share into dozens. */
const WITH_COMMANDS = new Set(['open'])

/** Turns lazy imports of parts into exports of commands.js. */
function lazyFromCommands(files: RegExp, isPart: (name: string) => boolean): Plugin {
  return {
    name: 'lazy-from-commands',
    setup: ({ onLoad, onResolve }) => {
      onLoad({ filter: files }, async ({ path }) => ({
        contents: (await readFile(path, 'utf8')).replace(/import\('\.\.?\/([\w-]+)\.ts'\)/g, (whole, name: string) =>
          isPart(name) ? `import('./commands.js').then(all => all[${JSON.stringify(name)}])` : whole,
        ),
        loader: 'ts',
      }))
      onResolve({ filter: /^\.\/commands\.js$/ }, ({ path }) => ({ path, external: true }))
    },
  }
}

export const cliParts = lazyFromCommands(/[\\/]cli[\\/](main|commands[\\/]table)\.ts$/, name => !WITH_CLI.has(name))
export const commandParts = lazyFromCommands(/[\\/]cli[\\/].*\.ts$/, name => WITH_COMMANDS.has(name))

/** All commands and the session as one module, each under its file's name. */
export const allCommands: Plugin = {
  name: 'all-commands',
  setup: ({ onLoad, onResolve }) => {
    onResolve({ filter: /^all-commands$/ }, ({ path }) => ({ path, namespace: 'all-commands' }))
    onLoad({ filter: /.*/, namespace: 'all-commands' }, () => {
      const commands = readdirSync(join(ROOT, 'cli/commands'))
        .map(file => basename(file, '.ts'))
        .filter(name => name !== 'table' && !WITH_CLI.has(name))
      const files = [
        './cli/session.ts',
        ...[...WITH_COMMANDS].map(name => `./cli/${name}.ts`),
        ...commands.map(name => `./cli/commands/${name}.ts`),
      ]
      const contents = files.map(
        file => `export * as ${JSON.stringify(basename(file, '.ts'))} from ${JSON.stringify(file)}`,
      )
      return { contents: contents.join('\n'), resolveDir: ROOT, loader: 'ts' }
    })
  },
}
