import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const DIST = join(import.meta.dirname, '../../dist')

/** Everything that loads at once with a file of the bundle: our own files, and packages. */
function closure(entry: string): { files: Set<string>; packages: Set<string> } {
  const files = new Set<string>()
  const packages = new Set<string>()
  const visit = (file: string): void => {
    if (files.has(file)) return
    files.add(file)
    // Imports stand at the beginning of a bundled file, each ended by a semicolon.
    const head = /^(?:import(?!\()[^;]*;|\s)*/.exec(readFileSync(join(DIST, file), 'utf8'))?.[0] ?? ''
    for (const [, target = ''] of head.matchAll(/(?:from|import)\s*"([^"]+)"/g)) {
      if (target.startsWith('./')) visit(target.slice(2))
      else packages.add(target)
    }
  }
  visit(entry)
  return { files, packages }
}

test('`--help` is one file without imports', () => {
  const { files, packages } = closure('cli.js')
  assert.equal([...files], ['cli.js'])
  assert.equal([...packages], [])
})

test('a plain command loads neither libp2p nor Helia, zod, hono or anything else outside of the bundle', () => {
  const { files, packages } = closure('commands.js')
  assert.equal([...packages], [])
  assert.equal([...files], ['commands.js'])
  for (const file of files) {
    const text = readFileSync(join(DIST, file), 'utf8')
    assert.not.match(text, /getBuiltinModule\("node:http"\)/, `${file} loads HTTP`)
  }
})

test('the worker stands alone', () => {
  const { files, packages } = closure('commit-worker.js')
  assert.is(files.size, 1)
  assert.equal([...packages], [])
})

test('a gateway worker is one file, and loads neither libp2p nor Helia', () => {
  const { files, packages } = closure('gateway-worker.js')
  assert.equal([...files], ['gateway-worker.js'])
  assert.equal([...packages], [])
})

test('every part that a file names is there', () => {
  const names = readdirSync(DIST).filter(name => name.endsWith('.js'))
  for (const name of names) {
    const text = readFileSync(join(DIST, name), 'utf8')
    for (const [, target = ''] of text.matchAll(/(?:from|import)\s*\(?\s*"\.\/([^"]+\.js)"/g))
      assert.ok(names.includes(target), `${name} names ${target}`)
  }
})

test.run()
