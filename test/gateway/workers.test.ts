import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { get as httpGet, type IncomingMessage } from 'node:http'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cairn, cairnOk, startDaemon, type TestDaemon, temporaryFolder } from '../support/cairn.ts'
import { randomBytes } from '../support/files.ts'

const TWO = ['--config', 'gateway.workers=2']

interface Running extends AsyncDisposable {
  readonly repo: string
  readonly daemon: TestDaemon
  add(content: string | Uint8Array): Promise<string>
}

async function running({ repo = join(temporaryFolder('workers'), 'repo'), args = TWO, mode = 'offline' } = {}) {
  if (!existsSync(repo)) await cairnOk(['init'], { repo })
  const daemon = await startDaemon({ repo, mode, args })
  return {
    repo,
    daemon,
    add: (content: string | Uint8Array) => cairnOk(['add', '-Q'], { repo, input: content }),
    [Symbol.asyncDispose]: () => daemon.stop(),
  } satisfies Running
}

/** The workers, as the system knows them. */
const childrenOf = (pid = 0): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)

const isAlive = (pid: number): boolean =>
  existsSync(`/proc/${pid}/stat`) && !/\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))

async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 1_000; i++) {
    if (await isSo()) return
    await sleep(10)
  }
  throw new Error(`it never came to this: ${what}`)
}

async function writersOf({ repo }: Running): Promise<number[]> {
  const { writers } = JSON.parse(await cairnOk(['repo', 'stat', '--json'], { repo })) as { writers: { pid: number }[] }
  return writers.map(({ pid }) => pid)
}

/** Cached blocks of which is known when they were last read. */
function usesNoted(repo: string): number {
  const database = new DatabaseSync(join(repo, 'cairn.db'), { readOnly: true })
  try {
    return Number(database.prepare('SELECT count(*) AS n FROM cache_use').get()?.n)
  } finally {
    database.close()
  }
}

/** An open file of the repository that has no name any more takes room that nobody sees. */
const holdsDeleted = (pid: number): boolean =>
  readdirSync(`/proc/${pid}/fd`).some(fd => {
    const target = readlinkSync(`/proc/${pid}/fd/${fd}`)
    return target.includes('/packs/') && target.endsWith(' (deleted)')
  })

/** What each worker answers while all others are stopped. */
async function askEach<T>({ daemon }: Running, ask: () => Promise<T>): Promise<T[]> {
  const workers = childrenOf(daemon.child.pid)
  const answers: T[] = []
  for (const worker of workers) {
    const others = workers.filter(other => other !== worker)
    for (const other of others) process.kill(other, 'SIGSTOP')
    try {
      answers.push(await ask())
    } finally {
      for (const other of others) process.kill(other, 'SIGCONT')
    }
  }
  return answers
}

/** On a connection of its own. */
async function open(url: string): Promise<IncomingMessage> {
  const asked = httpGet(url, { agent: false })
  asked.on('error', () => {})
  const [incoming] = (await once(asked, 'response')) as [IncomingMessage]
  return incoming
}

async function get(url: string): Promise<{ status: number; body: string }> {
  const incoming = await open(url)
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  return { status: incoming.statusCode ?? 0, body: Buffer.concat(chunks).toString() }
}

async function metric({ daemon }: Running, name: string): Promise<number> {
  const { body } = await get(`${daemon.api}/metrics`)
  return body
    .split('\n')
    .filter(line => line.startsWith(name))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
}

test('each of two workers serves: what was there, what another process adds, and what a denylist forbids from now on', async () => {
  await using two = await running()
  const { daemon, repo } = two
  assert.is(childrenOf(daemon.child.pid).length, 2)
  const cid = await two.add('added beside the daemon\n')
  const ask = () => get(`${daemon.gateway}/ipfs/${cid}`)
  assert.equal(await askEach(two, ask), Array(2).fill({ status: 200, body: 'added beside the daemon\n' }))
  await cairnOk(['deny', 'add', cid], { repo })
  await until('both refuse', async () => (await askEach(two, ask)).every(({ status }) => status === 410))
  for (const id of [1, 2])
    await until(`worker ${id} says so`, () => daemon.log().includes(`"msg":"denylists have changed","worker":${id},`))
  await cairnOk(['deny', 'rm', cid], { repo })
  await until('both serve again', async () => (await askEach(two, ask)).every(({ status }) => status === 200))
  const missing = await get(`${daemon.gateway}/ipfs/bafkreidrysan7e6wvyxr56wrir6gnskslyyweggpkh6i3hwyglznv4mlom`)
  assert.is(missing.status, 404)
  const page = await get(daemon.gateway)
  assert.match(page.body, daemon.peerId, 'the front page knows the node of the daemon')
  await until('both have told what they counted', async () => {
    const name = 'cairn_http_responses_total{listener="gateway"'
    return (await metric(two, `${name},code="404"}`)) === 1 && (await metric(two, `${name},code="200"}`)) >= 5
  })
})

test('what is missing comes through the network of the daemon, in any number of pieces at once', async () => {
  const folder = temporaryFolder('workers-net')
  const content = randomBytes(4)(6 * 1024 * 1024)
  const root = await cairnOk(['add', '-Q'], { repo: join(folder, 'a'), input: content })
  const a = await startDaemon({ repo: join(folder, 'a'), mode: 'lan' })
  await using two = await running({
    repo: join(folder, 'b'),
    mode: 'lan',
    args: [...TWO, '--connect', a.swarm[0] ?? '', '--config', 'gateway.retrievalTimeout=5s'],
  })
  const { daemon } = two
  const onlyIfCached = { headers: { 'cache-control': 'only-if-cached' } }
  assert.is((await fetch(`${daemon.gateway}/ipfs/${root}`, onlyIfCached)).status, 412)
  try {
    const [first] = await askEach(two, async () => {
      const incoming = await open(`${daemon.gateway}/ipfs/${root}`)
      return Buffer.concat(await Array.fromAsync(incoming)).equals(content)
    })
    assert.ok(first)
    assert.ok((await metric(two, 'cairn_fetched_bytes_total')) >= content.byteLength)
    assert.ok((await metric(two, 'cairn_fetched_blocks_total')) < 20, 'each block was fetched and counted once')
  } finally {
    await a.kill()
  }
  const cached = await fetch(`${daemon.gateway}/ipfs/${root}`, onlyIfCached)
  assert.is(cached.status, 200)
  assert.is((await cached.arrayBuffer()).byteLength, content.byteLength)
  assert.equal(await writersOf(two), [daemon.child.pid])
  await daemon.stop()
  assert.ok(usesNoted(join(folder, 'b')) > 0, 'what workers read is noted when they end')
})

test('a worker that is killed under load is replaced, and the others go on', async () => {
  await using two = await running()
  const { daemon } = two
  const cid = await two.add('still here\n')
  const [first = 0, second] = childrenOf(daemon.child.pid)
  const lanes = 8
  let [served, failed] = [0, 0]
  const load = async () => {
    for (let i = 0; i < 40; i++) {
      const answer = await get(`${daemon.gateway}/ipfs/${cid}`).catch(() => undefined)
      if (answer?.status === 200) served++
      else failed++
      if (served === 50) process.kill(first, 'SIGKILL')
    }
  }
  await Promise.all(Array.from({ length: lanes }, load))
  assert.is(served + failed, lanes * 40)
  assert.ok(failed <= lanes, `${failed} failed: only what it was answering may be lost`)
  await until('there are two again', () => childrenOf(daemon.child.pid).length === 2)
  assert.ok(!isAlive(first))
  assert.ok(childrenOf(daemon.child.pid).includes(second ?? 0))
  await until('the log says so', () => daemon.log().includes('a gateway worker was replaced'))
  assert.equal(
    (await askEach(two, () => get(`${daemon.gateway}/ipfs/${cid}`))).map(({ status }) => status),
    [200, 200],
  )
  assert.is(await metric(two, 'cairn_gateway_worker_restarts_total'), 1)
  for (const pid of childrenOf(daemon.child.pid)) process.kill(pid, 'SIGKILL')
  await until('the daemon knows that it has none', async () => (await get(`${daemon.api}/readyz`)).status === 503)
  // It waits for the first successor: the port is open all the time.
  assert.is((await get(`${daemon.gateway}/ipfs/${cid}`)).body, 'still here\n')
  await until('both are back', async () => (await metric(two, 'cairn_gateway_workers')) === 2)
  assert.is((await get(`${daemon.api}/readyz`)).status, 200)
  console.log(`\n» a worker killed among ${lanes * 40} requests: ${failed} lost`)
})

test('when the daemon is killed its workers end, and the port is free', async () => {
  const { daemon, repo } = await running()
  const workers = childrenOf(daemon.child.pid)
  await daemon.kill()
  await until('no worker is left', () => !workers.some(isAlive))
  const { port } = new URL(daemon.gateway)
  await using again = await running({ repo, args: [...TWO, '--gateway', `127.0.0.1:${port}`] })
  assert.is(again.daemon.gateway, daemon.gateway)
})

test('a stop lets an answer end that a worker is giving; nobody new is let in', async () => {
  const two = await running({ args: [...TWO, '--config', 'daemon.drain=60s'] })
  const { daemon } = two
  const content = randomBytes(6)(16 * 1024 * 1024)
  const incoming = await open(`${daemon.gateway}/ipfs/${await two.add(content)}`)
  const port = Number(new URL(daemon.gateway).port)
  const exit = once(daemon.child, 'exit')
  // As a terminal and a service manager do it: everybody gets the signal.
  for (const pid of [...childrenOf(daemon.child.pid), daemon.child.pid ?? 0]) process.kill(pid, 'SIGTERM')
  await until('no connection is taken', async () => {
    const socket = connect(port, '127.0.0.1')
    const [error] = await Promise.race([once(socket, 'connect'), once(socket, 'error')]).catch(reason => [reason])
    socket.destroy()
    return error !== undefined
  })
  const body = Buffer.concat(await Array.fromAsync(incoming))
  assert.ok(body.equals(content))
  assert.equal(await exit, [0, null])
})

test('a collection that moves and unlinks beneath a running answer does not harm it', async () => {
  const folder = temporaryFolder('workers-gc')
  const next = randomBytes(7)
  const keep = next(16 * 1024 * 1024)
  mkdirSync(join(folder, 'tree'))
  for (let i = 0; i < 3; i++) writeFileSync(join(folder, 'tree', `${i}.junk`), next(8 * 1024 * 1024))
  writeFileSync(join(folder, 'tree', '1.keep'), keep)
  await using two = await running({ args: [...TWO, '--config', 'store.grace=0s'] })
  const { daemon, repo } = two
  const root = await cairnOk(['add', '-Q', join(folder, 'tree')], { repo })
  const cid = await cairnOk(['add', '-Q', join(folder, 'tree/1.keep')], { repo })
  await cairnOk(['pin', 'rm', root], { repo })
  const packsBefore = readdirSync(join(repo, 'packs'))
  const incoming = await open(`${daemon.gateway}/ipfs/${cid}`)
  await once(incoming, 'readable')
  const { removedBytes } = JSON.parse(
    (await cairnOk(['gc', '--json', '--config', 'store.grace=0s'], { repo })).split('\n').at(-1) ?? '{}',
  ) as { removedBytes: number }
  assert.ok(removedBytes > 20 * 1024 * 1024, `${removedBytes} bytes were removed`)
  assert.not.equal(readdirSync(join(repo, 'packs')), packsBefore)
  const inFlight = await metric(two, 'cairn_http_in_flight{listener="gateway"}')
  assert.is(inFlight, 1, 'the answer was not over')
  assert.ok(Buffer.concat(await Array.fromAsync(incoming)).equals(keep))
  await until('what is unlinked is let go', () => !childrenOf(daemon.child.pid).some(holdsDeleted))
})

test('a port that is taken is told as without workers; a socket of the file system goes with them', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const repo = join(temporaryFolder('workers-port'), 'repo')
  const args = ['daemon', '--gateway', `127.0.0.1:${port}`, '--api', '127.0.0.1:0']
  const taken = await cairn([...args, ...TWO], { repo })
  const alone = await cairn(args, { repo })
  server.close()
  assert.is(taken.code, 2)
  assert.is(taken.stderr.replace(/^made.*\n/, ''), alone.stderr)
  const path = join(temporaryFolder('workers-socket'), 'gateway.sock')
  const two = await running({ args: [...TWO, '--gateway', `unix:${path}`] })
  const cid = await two.add('by a socket\n')
  const statuses = await askEach(two, async () => {
    const [incoming] = (await once(
      httpGet({ socketPath: path, path: `/ipfs/${cid}`, headers: { host: '127.0.0.1' }, agent: false }),
      'response',
    )) as [IncomingMessage]
    incoming.resume()
    return incoming.statusCode
  })
  assert.equal(statuses, [200, 200])
  await two.daemon.stop()
  assert.not(existsSync(path))
})

test.run()
