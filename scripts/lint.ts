// The house rules that a general linter cannot know: size of files, first lines, direction of imports, who may open the database.

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

const ROOT = join(import.meta.dirname, '..')
const MAX_LINES = 300

/** Lower may not import higher. Folders on one line may import each other. */
const LAYERS: readonly (readonly string[])[] = [
  ['src/errors.ts', 'src/units.ts', 'src/limits.ts', 'src/version.ts', 'src/writable.ts'],
  ['src/block'],
  ['src/api', 'src/config', 'src/observe'],
  ['src/store'],
  ['src/dag'],
  ['src/pins'],
  ['src/names', 'src/files', 'src/policy'],
  ['src/net'],
  ['src/replicate'],
  ['src/node', 'src/index.ts'],
  ['gateway'],
  ['cli'],
]

export interface Violation {
  readonly file: string
  readonly rule: string
}

export function findViolations(): Violation[] {
  const files = execFileSync(
    'git',
    ['ls-files', '--cached', '--others', '--exclude-standard', 'src', 'gateway', 'cli', 'test', 'bench', 'scripts'],
    { cwd: ROOT, encoding: 'utf8' },
  )
    .split('\n')
    .filter(file => /\.(ts|js)$/.test(file) && !file.startsWith('test/fixtures/'))
  return files.flatMap(file => check(file, readText(file)))
}

function readText(file: string): string {
  try {
    return readFileSync(join(ROOT, file), 'utf8')
  } catch {
    return '// deleted in the work tree'
  }
}

function check(file: string, text: string): Violation[] {
  const found: Violation[] = []
  const broken = (rule: string) => found.push({ file, rule })
  const lines = text.split('\n').length - 1
  if (lines > MAX_LINES) broken(`has ${lines} lines, more than ${MAX_LINES}: split it into two concepts`)
  if (!/^(#!.*\n)?\/\/ \S/.test(text) && !file.endsWith('.test.ts') && file !== 'src/config/generated.ts')
    broken('does not begin with a comment that names its one concept')
  if (file.endsWith('.test.ts') && !/\btest\.run\(\)/.test(text)) broken('never calls test.run()')
  if (
    !file.startsWith('test/') &&
    /openSync|readFileSync|\bopen\(|readFile\(/.test(text) &&
    /['"`](cairn\.db|write\.lock|daemon\.lock)/.test(text)
  ) {
    broken('opens files and names the database or a lock: POSIX locks die with any close (spec: store §2.1)')
  }
  for (const target of importsOf(file, text)) {
    if (layerOf(target) > layerOf(file)) broken(`imports ${target}, which lies above it`)
  }
  return found
}

function importsOf(file: string, text: string): string[] {
  // `import type` counts too: a type from above is knowledge of above.
  return [...text.matchAll(/(?:from|import)\s*\(?\s*['"](\.[^'"]+)['"]/g)].map(match =>
    normalize(join(dirname(file), match[1] ?? '')),
  )
}

/** Tests, benches and scripts may import everything. */
function layerOf(file: string): number {
  const layer = LAYERS.findIndex(names => names.some(name => file === name || file.startsWith(`${name}/`)))
  return layer === -1 ? LAYERS.length : layer
}

if (import.meta.main) {
  const violations = findViolations()
  for (const { file, rule } of violations) console.error(`${file}: ${rule}`)
  process.exitCode = violations.length > 0 ? 1 : 0
}
