import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { startApi, type TestApi } from '../gateway/api-support.ts'
import { startGateway, type TestGateway } from '../gateway/support.ts'
import { ALL_CASES, contentOf, type HostileCase } from '../hostile/corpus.ts'
import { ask } from './asking.ts'

const CASES = ALL_CASES.filter(({ kind }) => kind === 'ipns')
const RECORD = 'application/vnd.ipfs.ipns-record'

/** What the doors of one node said of a record, in words that can be compared. */
interface Told {
  readonly inspect: 'valid' | 'refused'
  readonly put: 'taken' | 'refused'
  readonly routing: 'taken' | 'refused'
  /** Whether each door out gives these very bytes. */
  readonly served: boolean
}

async function askDoors(api: TestApi, gateway: TestGateway, hostile: HostileCase): Promise<Told> {
  const bytes = new Uint8Array(contentOf(hostile))
  const key = hostile.key ?? ''
  const post = async (command: string): Promise<{ isTaken: boolean; text: string }> => {
    const body = new FormData()
    body.append('record', new Blob([bytes]), 'record')
    const answer = await fetch(`${api.url}/api/v0/${command}`, { method: 'POST', body })
    const text = await answer.text()
    assert.not.match(text, /internal error|undefined/i)
    return { isTaken: answer.ok, text }
  }
  const inspected = await post(`name/inspect?verify=${key}`)
  const routed = await fetch(`${gateway.url}/routing/v1/ipns/${key}`, {
    method: 'PUT',
    headers: { 'content-type': RECORD },
    body: bytes,
  })
  assert.ok(routed.status < 500, `PUT answers ${routed.status}`)
  await routed.arrayBuffer()
  const put = await post(`name/put?arg=${key}&force=true`)
  if (!put.isTaken) assert.match(put.text, /record/)
  const served = await ask(gateway.url, `/ipns/${key}?format=ipns-record`)
  const again = await ask(gateway.url, `/routing/v1/ipns/${key}`, { headers: { accept: RECORD } })
  const isServed = served.status === 200 && served.body.equals(bytes)
  assert.is(isServed, served.status === 200, 'other bytes are served')
  assert.is(again.headers['content-type'] === RECORD && again.body.equals(bytes), isServed, 'at /routing/v1')
  const followed = await ask(gateway.url, `/ipns/${key}/`)
  assert.is(followed.end, 'whole')
  assert.ok(followed.status >= 400 || followed.status === 200, `the name answers ${followed.status}`)
  assert.not.match(String(followed.headers['x-ipfs-roots']), /[\r\n]/)
  const isValid = inspected.isTaken && JSON.parse(inspected.text).Validation?.Valid === true
  return {
    inspect: isValid ? 'valid' : 'refused',
    put: put.isTaken ? 'taken' : 'refused',
    routing: routed.ok ? 'taken' : 'refused',
    served: isServed,
  }
}

const REFUSED: Told = { inspect: 'refused', put: 'refused', routing: 'refused', served: false }
const TAKEN: Told = { inspect: 'valid', put: 'taken', routing: 'taken', served: true }

test(`${CASES.length} IPNS records through four doors`, async () => {
  let [refused, taken] = [0, 0]
  let api = await startApi()
  let gateway = await startGateway({ node: { names: api.node.names }, routing: 'write' })
  const close = async () => {
    await gateway.close()
    await api.close()
  }
  for (const hostile of CASES) {
    const told = await askDoors(api, gateway, hostile)
    const isTaken = told.served
    assert.equal(told, isTaken ? TAKEN : REFUSED, `${hostile.name}: every door says the same`)
    if (hostile.outcome === 'refuse') assert.not.ok(isTaken, `${hostile.name} is served`)
    if (hostile.outcome === 'accept') assert.ok(isTaken, `${hostile.name} is refused`)
    if (!isTaken) refused++
    else {
      taken++
      // All are under one name: what was taken would decide about the next.
      await close()
      api = await startApi()
      gateway = await startGateway({ node: { names: api.node.names }, routing: 'write' })
    }
  }
  await close()
  assert.is(CASES.length, 51)
  console.log(
    `» hostile IPNS: 51 of 51 records through 4 doors, ${refused} refused and ${taken} taken, at every door alike`,
  )
})

test.run()
