import { existsSync, readFileSync } from 'node:fs'
import type { CID } from 'multiformats/cid'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { apiApp } from '../../gateway/api.ts'
import { startServer } from '../../gateway/server.ts'
import type { ImportSource } from '../../src/api/add.ts'
import { CairnError, isCairnError } from '../../src/errors.ts'
import { SILENT } from '../../src/observe/log.ts'
import { denyPaths } from '../../src/policy/deny-paths.ts'
import { wait } from '../support/dags.ts'
import { configOf, DenyNode } from './node.ts'

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}

interface Site {
  readonly root: CID
  /** The blocked file, and the folder that holds it. */
  readonly secret: CID
  readonly deep: CID
}

/** keep.txt, secret.txt, deep/secret.txt: the last two are one block. */
async function addSite(running: DenyNode, secret = 'what nobody may have'): Promise<Site> {
  const entries = async function* () {
    yield { path: ['site'], kind: 'directory' as const, content: once('') }
    yield { path: ['site', 'keep.txt'], kind: 'file' as const, content: once('everybody may have this') }
    yield { path: ['site', 'secret.txt'], kind: 'file' as const, content: once(secret) }
    yield { path: ['site', 'deep'], kind: 'directory' as const, content: once('') }
    yield { path: ['site', 'deep', 'secret.txt'], kind: 'file' as const, content: once(secret) }
  }
  const root = await add(running, { kind: 'entries', entries: entries() })
  const cidOf = async (...segments: string[]) => (await running.node.content.resolve({ root, segments }, wait)).cid
  return { root, secret: await cidOf('secret.txt'), deep: await cidOf('deep') }
}

async function add({ node }: DenyNode, source: ImportSource, pin = false): Promise<CID> {
  for await (const event of node.add([source], { ...wait, pin }))
    if (event.type === 'done' && event.roots[0] !== undefined) return event.roots[0]
  throw new Error('nothing was added')
}

async function refusalOf(act: () => unknown): Promise<CairnError | undefined> {
  try {
    const result = await act()
    if (result !== null && typeof result === 'object' && Symbol.asyncIterator in result)
      for await (const _ of result as AsyncIterable<unknown>);
    return undefined
  } catch (error) {
    if (error instanceof CairnError) return error
    throw error
  }
}

async function lsOf({ node, repo }: DenyNode, query: string): Promise<{ status: number; text: string }> {
  const app = apiApp({ node, config: configOf(repo), log: SILENT, onShutdown: () => {} })
  const origin = { name: 'api', configKey: 'api.listen', flag: '--api' } as const
  const server = await startServer({ ...origin, listen: '127.0.0.1:0', app, log: SILENT })
  try {
    const answer = await fetch(`${server.url}/api/v0/ls?${query}`, { method: 'POST' })
    return { status: answer.status, text: await answer.text() }
  } finally {
    await server.close({ drainMs: 0 })
  }
}

test('RPC ls names a blocked child, as the listing does, and tells nothing else of it', async () => {
  await using running = await DenyNode.start()
  const { root, deep } = await addSite(running)
  const raw = (await running.node.content.resolve({ root, segments: ['secret.txt'] }, wait)).cid
  for (const blocked of [deep, raw]) {
    await running.put('a', `/ipfs/${blocked}\n`)
    for (const query of [`arg=${root}`, `arg=${root}&stream=true`, `arg=${root}&size=false&resolve-type=false`]) {
      const { status, text } = await lsOf(running, query)
      assert.is(status, 200, text)
      const links = text
        .trim()
        .split('\n')
        .flatMap(line => (JSON.parse(line) as { Objects: [{ Links: Record<string, unknown>[] }] }).Objects[0].Links)
      assert.equal(links.map(({ Name }) => Name).sort(), ['deep', 'keep.txt', 'secret.txt'])
      for (const { Hash, Size, Type } of links.filter(({ Hash }) => Hash === String(blocked)))
        assert.equal([Hash, Size, Type], [String(blocked), 0, 0])
      assert.ok(Number(links.find(({ Name }) => Name === 'keep.txt')?.Size) > 0)
    }
    assert.is((await lsOf(running, `arg=${blocked}`)).status, 500)
    assert.match((await lsOf(running, `arg=${blocked}`)).text, /blocked/)
    await running.remove('a')
  }
})

for (const by of ['daemon', 'worker'] as const) {
  test(`content: blocked as path, block, CAR, TAR and listing, from any root; free again when the list goes (by a ${by})`, async () => {
    await using running = await DenyNode.start({}, by)
    const { root, secret, deep } = await addSite(running)
    const asked: readonly (readonly [string, Record<string, string>?, string?])[] = [
      [`/ipfs/${secret}`],
      [`/ipfs/${secret}`, {}, 'HEAD'],
      [`/ipfs/${secret}`, { Range: 'bytes=0-3' }],
      [`/ipfs/${secret}`, { 'If-None-Match': `"${secret}"` }],
      [`/ipfs/${secret}`, { 'Cache-Control': 'only-if-cached' }],
      [`/ipfs/${secret}?format=raw`],
      [`/ipfs/${secret}?format=car`],
      [`/ipfs/${secret}?format=tar`],
      [`/ipfs/${secret}?format=json`],
      [`/ipfs/${secret}?cairn=dag`],
      [`/ipfs/${root}/secret.txt`],
      [`/ipfs/${root}/secret.txt?cairn=preview`],
      [`/ipfs/${root}/secret.txt`, { 'Cache-Control': 'only-if-cached' }],
      [`/ipfs/${root}/deep/secret.txt?format=raw`],
      [`/ipfs/${root}/deep/secret.txt?format=car&dag-scope=block`],
      [`/ipfs/${root}/secret.txt`, { 'If-None-Match': '*' }],
      [`/ipfs/${deep}/secret.txt`, { Accept: 'application/vnd.ipld.raw' }],
      ['/secret.txt', { Host: `${root}.ipfs.localhost` }],
      ['/', { Host: `${secret}.ipfs.localhost` }],
    ]
    const broken = [`/ipfs/${root}?format=car`, `/ipfs/${root}/deep/?format=car`, `/ipfs/${root}?format=tar`]
    const statuses = () =>
      Promise.all(asked.map(async ([path, headers, method]) => (await running.get(path, headers, method)).status))
    const before = await statuses()
    for (const [index, status] of before.entries())
      assert.ok(status < 400 || status === 406, `${asked[index]}: ${status}`)
    const listed = (await running.get(`/ipfs/${root}/`)).body.toString()
    assert.match(listed, /href="[^"]*secret\.txt"/)

    await running.put('a', `/ipfs/${secret}\n`)
    for (const [index, status] of (await statuses()).entries()) assert.is(status, 410, String(asked[index]))
    for (const path of broken) {
      const { status, isCut, body } = await running.get(path)
      assert.ok(status === 410 || isCut, `${path} is a whole answer of ${status}`)
      assert.not.ok(body.includes('what nobody may have'), path)
    }
    const page = (await running.get(`/ipfs/${root}/`)).body.toString()
    assert.match(page, /secret\.txt<\/span><span>blocked here/)
    assert.not.match(page, /href="[^"]*\/secret\.txt"/)
    assert.is((await running.get(`/ipfs/${root}/keep.txt`)).status, 200)

    await running.remove('a')
    assert.equal(await statuses(), before)
    for (const path of broken) assert.is((await running.get(path)).isCut, false)
    assert.is((await running.get(`/ipfs/${root}/`)).body.toString(), listed)
  })

  test(`a rule for a path holds from every root above it, and leaves the content alone where it has another path (by a ${by})`, async () => {
    await using running = await DenyNode.start({}, by)
    const { root, secret, deep } = await addSite(running)
    const status = async (path: string, headers?: Record<string, string>) => (await running.get(path, headers)).status
    await running.put('a', `/ipfs/${deep}/secret.txt gateway_status=451 reason=a%20court\n`)
    for (const path of [`/ipfs/${deep}/secret.txt`, `/ipfs/${root}/deep/secret.txt`]) {
      assert.is(await status(path), 451, path)
      assert.is(await status(path, { 'Cache-Control': 'only-if-cached' }), 451, path)
      assert.is(await status(`${path}?format=car`), 451, path)
    }
    assert.match((await running.get(`/ipfs/${deep}/secret.txt`)).body.toString(), /a court/)
    for (const path of [`/ipfs/${root}/secret.txt`, `/ipfs/${secret}`]) assert.is(await status(path), 200, path)
    await running.put('b', `!/ipfs/${deep}/secret.txt\n`)
    assert.is(await status(`/ipfs/${root}/deep/secret.txt`), 200)
  })

  test(`names are refused before they are looked up, and where they lead through each other (by a ${by})`, async () => {
    await using running = await DenyNode.start({}, by)
    const refused = await refusalOf(async () => {
      await running.put('a', '/ipns/blocked.example\n')
      return running.node.names.resolve('/ipns/Blocked.Example', wait)
    })
    assert.is(refused?.code, 'BLOCKED')
    assert.is((await running.get('/ipns/blocked.example/')).status, 410)
    assert.is.not((await running.get('/ipns/free.example/')).status, 410)
  })
}

test('keeping: a pin of a DAG with a blocked block, adding and importing it are refused, before and after it was stored', async () => {
  await using running = await DenyNode.start()
  const { root, secret } = await addSite(running)
  const { node } = running
  const bytes = await node.content.local.get(secret, wait)
  const car: Uint8Array[] = []
  for await (const chunk of node.content.exportCar({ root, segments: [] }, wait)) car.push(chunk.slice())
  await running.put('a', `/ipfs/${secret}\n`)
  const doors: Record<string, () => unknown> = {
    'pin add': () => node.pins.add(root, wait),
    'pin add of the block': () => node.pins.add(secret, { ...wait, mode: 'direct' }),
    'pin queue': () => node.pins.enqueue(secret, wait),
    'block put': () => node.putBlocks([{ cid: secret, bytes }], wait),
    'dag import': () => node.importCar(once2(car), wait),
    add: () => add(running, { kind: 'entries', entries: file('what nobody may have') }),
    cat: () => node.content.read(secret, wait),
    get: () => node.content.exportCar({ root, segments: [] }, wait),
    stat: () => node.content.stat(secret, wait),
    'dag stat': () => node.dagStat(root, wait),
    'block get': () => node.content.blocks(secret).get(secret, wait),
    borrow: () => node.content.blocks(secret).borrow(secret, wait),
    'dag import --offline': () => node.content.local.get(secret, wait),
  }
  for (const [door, act] of Object.entries(doors)) assert.is((await refusalOf(act))?.code, 'BLOCKED', door)
  assert.is(node.content.local.has(secret), false)
  assert.is(node.content.local.peek(secret), undefined)
  assert.is(node.content.blocks(root).size?.(secret), undefined)
  for await (const pin of node.pins.ls({ ...wait, status: 'pinned' })) assert.unreachable(String(pin.cid))
  const queued = await node.pins.enqueue(root, wait)
  await until(async () => {
    for await (const { id, status } of node.pins.ls(wait)) if (id === queued.id) return status === 'failed'
    return false
  })
  // Written down a moment later, many at once.
  await until(async () => {
    const { log } = denyPaths(running.repo)
    const lines = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []
    const seen = new Set(lines.map(line => JSON.parse(line).door))
    return ['content', 'pin', 'add'].every(door => seen.has(door))
  })
  await running.remove('a')
  assert.is((await node.pins.add(root, wait)).status, 'pinned')
  console.log(
    `\n» denylist doors: 19 of the gateway, ${Object.keys(doors).length} of the node, refused while listed and open again after`,
  )
})

/** The queue works on by its own clock; a minute is more than it ever needs. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 600 && !(await isSo()); i++) await new Promise(resolve => setTimeout(resolve, 100))
  assert.ok(await isSo())
}

async function* once2(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks
}

async function* file(text: string) {
  yield { path: ['x'], kind: 'file' as const, content: once(text) }
}

test('a command reads the lists when it first needs them, and a list that cannot be read stops nobody', async () => {
  await using running = await DenyNode.start({ 'deny.files': '/nowhere/at/all.deny,/dev/null' })
  assert.equal(
    running.node.deny.files.loaded.map(({ path, error }) => [path, error !== undefined]),
    [
      ['/nowhere/at/all.deny', true],
      ['/dev/null', true],
    ],
  )
  const { root } = await addSite(running)
  assert.is((await running.get(`/ipfs/${root}/keep.txt`)).status, 200)
  assert.is(isCairnError(await refusalOf(() => running.node.pins.add(root, wait)), 'BLOCKED'), false)
})

test.run()
