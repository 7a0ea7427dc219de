import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createRemote } from '../../cli/remote.ts'
import { parseCid } from '../../src/block/cid.ts'
import { runCli } from '../support/memory-io.ts'
import { silentNetwork, startApi, type TestApi } from './api-support.ts'

const MISSING = 'bafkreicysg23kiwv34eg2d7qweipxwosdo2py4ldv42nbauguluen5v6am'
const WAIT = { signal: new AbortController().signal }

const linesOf = async (response: Response): Promise<Record<string, unknown>[]> =>
  (await response.text())
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line) as Record<string, unknown>)

async function withApi(
  work: (api: TestApi) => Promise<void>,
  options: Parameters<typeof startApi>[0] = {},
): Promise<void> {
  const api = await startApi(options)
  try {
    await work(api)
  } finally {
    await api.close()
  }
}

test('pin/add takes owner, labels, priority and end; pin/status tells them, by either version of the CID', () =>
  withApi(async api => {
    const cid = await api.add('hello', 'pin=false&raw-leaves=false&cid-version=0')
    const labels = encodeURIComponent(JSON.stringify({ team: 'web' }))
    const added = await api.call(`pin/add?arg=${cid}&owner=ann&labels=${labels}&priority=2&expires=32503680000000`)
    assert.is(added.status, 200)
    const v1 = parseCid(cid).toV1().toString()
    const [status] = await linesOf(await api.call(`pin/status?arg=${v1}`))
    assert.equal(
      { ...status, Id: 0, Created: '' },
      {
        Id: 0,
        Cid: cid,
        Type: 'recursive',
        Name: '',
        Owner: 'ann',
        Labels: { team: 'web' },
        Status: 'pinned',
        Created: '',
        Expires: '3000-01-01T00:00:00.000Z',
        Priority: 2,
        Attempts: 0,
      },
    )
    await api.call(`pin/add?arg=${cid}`)
    assert.is((await linesOf(await api.call(`pin/status?arg=${cid}`))).length, 2, 'another owner is another pin')
    assert.is((await api.call(`pin/add?arg=${cid}&labels=%5B1%5D`)).status, 500)
    assert.is((await api.call(`pin/status?arg=${MISSING}`)).status, 500)
  }))

test('pin/status of a pin under way has its progress, and the client of the command line reads it', () =>
  withApi(
    async api => {
      const stop = new AbortController()
      const adding = fetch(`${api.url}/api/v0/pin/add?arg=${MISSING}&progress=true&waiting=true`, {
        method: 'POST',
        signal: stop.signal,
      })
      const remote = createRemote({ host: '127.0.0.1', port: api.port })
      let state: Awaited<ReturnType<typeof remote.pinStates>> = new Map()
      for (let looks = 0; state.size === 0 && looks < 500; looks++) state = await remote.pinStates(WAIT)
      const [progress] = state.values()
      assert.is(progress?.missing, 1)
      assert.is(progress?.blocks, 0)
      const [shown] = await linesOf(await api.call('pin/status'))
      assert.is(shown?.Status, 'pinning')
      stop.abort()
      await adding.then(response => response.text()).catch(() => undefined)
    },
    { fetchBlock: silentNetwork },
  ))

test('while nothing comes, pin add says on stderr what it waits for', () =>
  withApi(
    async api => {
      const waited: string[] = []
      const remote = createRemote({ host: '127.0.0.1', port: api.port })
      const stop = new AbortController()
      const onProgress = ({ waiting }: { waiting?: string }) => {
        if (waiting === undefined) return
        waited.push(waiting)
        stop.abort(new Error('enough'))
      }
      const outcome = remote.pinAdd(parseCid(MISSING), { mode: 'recursive', signal: stop.signal, onProgress })
      assert.is((await outcome.catch(error => error)).message, 'enough')
      assert.match(waited[0] ?? '', /^waiting for blocks; nothing came for 5\.0 s|^no peer is connected/)
    },
    { fetchBlock: silentNetwork },
  ))

test('why by the RPC, and by `cairn why --api`, says the same as the repository', () =>
  withApi(async api => {
    const cid = await api.add('hello')
    assert.equal(
      (await linesOf(await api.call(`why?arg=${cid}`))).map(({ type, verdict }) => verdict ?? type),
      ['block', 'collectable'],
    )
    await api.call(`pin/add?arg=${cid}&name=n`)
    const env = { CAIRN_REPO: api.node.store.path, CAIRN_MODE: 'offline', CAIRN_STORE_GRACE: '0s' }
    const there = await runCli(['why', '--json', '--api', `/ip4/127.0.0.1/tcp/${api.port}`, cid], { env })
    const url = await runCli(['why', '--json', '--api', `http://127.0.0.1:${api.port}`, cid], { env })
    const here = await runCli(['why', '--json', cid], { env })
    assert.is(there.code, 0, there.stderr)
    assert.is(there.stdout, here.stdout)
    assert.is(url.stdout, here.stdout)
    assert.match(here.stdout, /"name":"n"/)
  }))

test.run()
