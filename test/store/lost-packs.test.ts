import { readdirSync, renameSync, rmSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { CairnError } from '../../src/errors.ts'
import { checkRepo } from '../../src/store/check/check.ts'
import { packFile, repoPaths } from '../../src/store/paths.ts'
import { cairn, cairnOk, startDaemon, temporaryFolder } from '../support/cairn.ts'
import { makeTree } from '../support/files.ts'
import { assertReadable, bytesOf, freshStore, leaf, openAt, putAll, rejects, WAIT } from './support.ts'

const bulk = (name: string) => Array.from({ length: 20 }, (_, i) => leaf(`${name} ${i}`, 20_000))

for (const commit of ['inline', 'worker'] as const) {
  for (const [how, lose] of [
    ['deleted', (file: string) => rmSync(file)],
    ['moved away', (file: string) => renameSync(file, `${file}.away`)],
  ] as const) {
    test(`a pack that is ${how} while it is written to takes nothing with it that is acknowledged later (${commit})`, async () => {
      const store = await freshStore({ commit })
      const { path } = store
      const [before, after] = [bulk('before'), bulk('after')]
      await putAll(store, before)
      lose(packFile(path, 1))
      await putAll(store, after)
      await store[Symbol.asyncDispose]()
      await using again = await openAt(path)
      await assertReadable(again, after)
      const lost = await rejects(again.get(before[0]!.cid, WAIT), 'CORRUPT_BLOCK')
      assert.match((lost as CairnError).hint, /repo check .*--repair/)
      const kinds = new Set<string>()
      for await (const event of checkRepo({ path, store: again, ...WAIT }))
        if (event.type === 'finding') kinds.add(event.finding.kind)
      assert.ok(kinds.has('missing-pack') && kinds.has('missing-bytes'), [...kinds].join())
    })
  }

  test(`without the folder of the packs nothing is written, and it is said why (${commit})`, async () => {
    const store = await freshStore({ commit })
    const inline = [leaf('inline')]
    await putAll(store, inline)
    await putAll(store, bulk('before'))
    rmSync(repoPaths(store.path).packs, { recursive: true })
    for (const name of ['after', 'once more']) {
      const error = (await rejects(putAll(store, bulk(name)), 'READ_ONLY')) as CairnError
      assert.match(error.hint, /mount its disk.*repo check --repair/)
    }
    await assertReadable(store, inline)
    await rejects(store.get(leaf('before 3', 20_000).cid, WAIT), 'CORRUPT_BLOCK')
    await rejects(Promise.resolve(store[Symbol.asyncDispose]()), 'READ_ONLY')
  })
}

test('every door of a daemon says what was lost with the packs, and goes on; a check makes their folder anew', async () => {
  const work = temporaryFolder('lost-packs')
  const repo = `${work}/repo`
  const root = await cairnOk(['add', '-Q', makeTree(`${work}/in`, { seed: 3, count: 40, maxBytes: 60_000 })], { repo })
  const single = await cairnOk(['add', '-Q'], { repo, input: Buffer.from(bytesOf('single', 3_000_000)) })
  const daemon = await startDaemon({ repo })
  const api = `http://127.0.0.1:${/tcp\/(\d+)/.exec(daemon.api)?.[1] ?? new URL(daemon.api).port}`
  const post = async (path: string, body?: FormData) => {
    const answer = await fetch(`${api}/api/v0/${path}`, { method: 'POST', ...(body && { body }) })
    return { status: answer.status, text: await answer.text().catch(String) }
  }
  const file = () => {
    const body = new FormData()
    body.append('file', new Blob([bytesOf('late', 3_000_000).slice()]), 'file')
    return body
  }
  let said = 0
  const saysSo = (text: string) => {
    assert.match(text, /[Tt]he stored bytes of block \w+ are damaged/, text)
    assert.not.match(text, /internal error|INTERNAL|TypeError/)
    said++
  }
  try {
    rmSync(repoPaths(repo).packs, { recursive: true })
    for (const path of [`ipfs/${single}`, `ipfs/${single}?format=car`]) {
      for (const accept of ['*/*', 'text/html', 'application/problem+json']) {
        const answer = await fetch(`${daemon.gateway}/${path}`, { headers: { accept } })
        assert.is(answer.status, 500)
        saysSo((await answer.text()).replaceAll('&#39;', "'"))
      }
    }
    for (const path of [
      `cat?arg=${single}`,
      `dag/export?arg=${single}`,
      `block/get?arg=${await firstChunk(post, single)}`,
    ])
      saysSo((await post(path)).text)
    for (const args of [
      ['cat', single],
      ['get', root, '-o', `${work}/out`],
    ]) {
      const { code, stderr } = await cairn(args, { repo })
      assert.is(code, 6, stderr)
      saysSo(stderr)
      assert.match(stderr, /repo check .*--repair/)
    }
    const refused = await post('add?pin=true', file())
    assert.match(
      refused.text,
      /the folder .*packs is gone: nothing more is written|nothing more is written by this process/,
    )
    assert.is((await fetch(`${daemon.gateway}/ipfs/${root}/`)).status, 200)
    const { stderr: found } = await cairn(['repo', 'check'], { repo })
    assert.match(found, /error/)
    await cairn(['repo', 'check', '--repair'], { repo })
  } finally {
    await daemon.stop()
  }
  assert.equal(readdirSync(repoPaths(repo).packs), [])
  const again = await startDaemon({ repo })
  try {
    const late = await cairnOk(['add', '-Q'], { repo, input: Buffer.from(bytesOf('late', 3_000_000)) })
    const answer = await fetch(`${again.gateway}/ipfs/${late}`)
    assert.ok(Buffer.from(await answer.arrayBuffer()).equals(Buffer.from(bytesOf('late', 3_000_000))))
  } finally {
    await again.stop()
  }
  console.log(`\n» packs lost under a daemon: ${said} answers of 3 doors say so, none is an internal error`)
})

async function firstChunk(post: (path: string) => Promise<{ text: string }>, cid: string): Promise<string> {
  const { text } = await post(`ls?arg=${cid}`)
  return (JSON.parse(text) as { Objects: { Links: { Hash: string }[] }[] }).Objects[0]?.Links[0]?.Hash ?? ''
}

test.run()
