// The house rules that a general linter cannot know: size of files, first lines, direction of imports, who may open the database.

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

const ROOT = join(import.meta.dirname, '..')
const MAX_LINES = 300

/** Lower may not import higher. Folders on one line may import each other. */
const LAYERS: readonly (readonly string[])[] = [
  ['src/errors.ts', 'src/units.ts', 'src/limits.ts', 'src/version.ts', 'src/writable.ts', 'src/open-if-there.ts'],
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
  if (/^(?:src|gateway|cli)\//.test(file) && !DIALLERS.has(file)) for (const how of dialsOf(text)) broken(how)
  for (const target of importsOf(file, text)) {
    if (layerOf(target) > layerOf(file)) broken(`imports ${target}, which lies above it`)
  }
  return found
}

/** Who may open connections: the guarded client for what others name, and those that reach this user's own daemon or port. */
const DIALLERS: ReadonlySet<string> = new Set([
  'src/names/outbound.ts',
  'cli/rpc-client.ts',
  'cli/endpoint.ts',
  'gateway/workers/holder.ts',
])

const DIALLING = new Set(['request', 'get', 'Agent', 'connect', 'createConnection', 'createSocket', 'Socket', 'Client'])
const CLIENTS = /^(?:undici|node-fetch|axios|got|ky|ws|@helia\/(?:http|trustless-gateway|delegated-routing)[\w-]*)$/

/** Ways to an address that nobody has looked at: each would be a way into the network that this machine is in. */
export function dialsOf(text: string): string[] {
  const found: string[] = []
  for (const [, what = '', from = ''] of text.matchAll(/import\s+([^'"]*?)\s+from\s+['"]([^'"]+)['"]/g)) {
    if (CLIENTS.test(from))
      found.push(`imports ${from}: what others name is asked through src/names/outbound.ts (SSRF)`)
    if (!/^(?:node:)?(?:https?|http2|net|tls|dgram)$/.test(from) || what.startsWith('type ')) continue
    const names = /^\{([^}]*)\}$/s
      .exec(what)?.[1]
      ?.split(',')
      .map(name => name.trim()) ?? [what]
    const dialling = names.filter(name => !name.startsWith('type ') && DIALLING.has(name.split(/\s+as\s+/)[0] ?? ''))
    const isWhole = !what.startsWith('{')
    if (dialling.length > 0 || isWhole)
      found.push(
        `imports ${dialling.join(', ') || 'all'} of ${from}: what others name is asked through src/names/outbound.ts (SSRF)`,
      )
  }
  // Not a declaration, whose parameters have types.
  const code = text.replace(/\/\/.*|\/\*[\s\S]*?\*\//g, '')
  if (/(?<![.\w#])fetch\((?!\w+\??: )|globalThis\.fetch|new (?:WebSocket|EventSource|XMLHttpRequest)\b/.test(code))
    found.push('uses fetch, which asks any address: use src/names/outbound.ts (SSRF)')
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
