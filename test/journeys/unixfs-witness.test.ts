import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { configSchema } from '../../src/config/schema.ts'
import { openNode, SILENT } from '../../src/index.ts'
import { temporaryFolder } from '../support/cairn.ts'
import { randomBytes } from '../support/files.ts'

const { signal } = new AbortController()

test('@helia/unixfs reads back what our import has written, and edits it over our store', async () => {
  const work = temporaryFolder('witness')
  const folder = join(work, 'folder')
  const next = randomBytes(71)
  mkdirSync(join(folder, 'many'), { recursive: true })
  writeFileSync(join(folder, 'large.bin'), next(5 * 1024 * 1024 + 17))
  writeFileSync(join(folder, 'small.txt'), 'small\n')
  // Enough long names for a sharded folder.
  for (let i = 0; i < 1500; i++) writeFileSync(join(folder, 'many', `${'n'.repeat(180)}-${i}`), String(i))
  await using node = await openNode({
    repo: join(work, 'repo'),
    config: configSchema.parse({ mode: 'offline' }),
    log: SILENT,
    role: 'command',
    network: 'never',
    createIfMissing: true,
  })
  const unixfs = await node.unixfs()
  for (const profile of ['unixfs-v1-2025', 'unixfs-v0-2015'] as const) {
    let root: Parameters<typeof unixfs.cat>[0] | undefined
    for await (const event of node.add([{ kind: 'path', path: folder }], { profile, signal }))
      if (event.type === 'done') root = event.roots[0]
    assert.ok(root)
    const read = async (path: string) => Buffer.concat(await Array.fromAsync(unixfs.cat(root, { path })))
    assert.ok((await read('large.bin')).equals(readFileSync(join(folder, 'large.bin'))), `${profile}: large.bin`)
    assert.is(String(await read(`many/${'n'.repeat(180)}-1499`)), '1499')
    const names = (await Array.fromAsync(unixfs.ls(root, { path: 'many' }))).map(({ name }) => name)
    assert.is(new Set(names).size, 1500)
    const edited = await unixfs.rm(await unixfs.mkdir(root, 'new'), 'small.txt')
    const left = (await Array.fromAsync(node.content.list(edited, { signal }))).map(({ name }) => name)
    assert.equal(left.sort(), ['large.bin', 'many', 'new'])
  }
})

test.run()
