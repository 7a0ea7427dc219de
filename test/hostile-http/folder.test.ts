import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { MiB } from '../../src/units.ts'
import { readCarCids } from '../conformance/readers.ts'
import { cairnOk, temporaryFolder } from '../support/cairn.ts'
import { startProbed } from '../support/probed-daemon.ts'
import { ask } from './asking.ts'
import { CONTENT, nameOf, writeBigFolder } from './big-folder.ts'

const isFull = process.env.TEST_FULL !== undefined
const ENTRIES = isFull ? 1_000_000 : 20_000
/** Of the full run alone. */
const MOST_FIRST_BYTE_MS = 300
/** The block cache holds a hundred thousand small shards: below this much of the time goes into finding garbage. */
const HEAP_MIB = 192
const MOST_MIB = 400
const PAGE = 1000

/** From the request to the first byte of the body. */
function firstByteMs(origin: string, path: string, headers = ''): Promise<number> {
  const { port } = new URL(origin)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1')
    const startedAt = performance.now()
    let seen = Buffer.alloc(0)
    socket.on('error', reject)
    socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${headers}\r\n`)
    socket.on('data', chunk => {
      seen = Buffer.concat([seen, chunk])
      const end = seen.indexOf('\r\n\r\n')
      if (end === -1) return
      const isOk = /^HTTP\/1\.1 200/.test(seen.toString('latin1'))
      if (isOk && seen.byteLength <= end + 4) return
      socket.destroy()
      if (isOk) resolve(performance.now() - startedAt)
      else reject(new Error(`${path}: ${seen.toString('latin1').slice(0, 500)}`))
    })
  })
}

test(`a folder of ${ENTRIES} entries`, async () => {
  const folder = temporaryFolder('big')
  const repo = join(folder, 'repo')
  await cairnOk(['init'], { repo })
  const car = join(folder, 'big.car')
  const { root, blocks } = await writeBigFolder(car, ENTRIES)
  await cairnOk(['dag', 'import', '--pin-roots=false', car], { repo })
  const env = { NODE_OPTIONS: `--max-old-space-size=${HEAP_MIB}`, CAIRN_STORE_GRACE: '1h' }
  const probe = await startProbed({ repo, env })
  const { gateway, api } = probe.daemon
  await ask(gateway, '/ipfs/bafkqabtimvwgy3yk')
  const before = probe.residentBytes()
  const figures: string[] = []
  const html = 'Accept: text/html\r\n'
  for (const [what, path] of [
    ['listing', `/ipfs/${root}/`],
    ['page 2', `/ipfs/${root}/?page=2`],
    ['one entry', `/ipfs/${root}/${nameOf(ENTRIES - 1)}`],
    ['CAR', `/ipfs/${root}?format=car`],
    ['CAR of the entity', `/ipfs/${root}?format=car&dag-scope=entity`],
    ['TAR', `/ipfs/${root}?format=tar`],
    ['ZIP', `/ipfs/${root}/?cairn=zip`],
    ['its block', `/ipfs/${root}/?cairn=dag`],
  ] as const) {
    const ms = await firstByteMs(gateway, path, html)
    figures.push(`${what} ${ms.toFixed(0)} ms`)
    if (isFull) assert.ok(ms < MOST_FIRST_BYTE_MS, `${what}: first byte after ${ms} ms`)
  }
  const page = await ask(gateway, `/ipfs/${root}/`, { headers: { accept: 'text/html' } })
  assert.is(page.status, 200)
  assert.is(page.body.toString().match(/entry-\d{7}\.txt/g)?.length ? 'entries' : 'none', 'entries')
  const last = await ask(gateway, `/ipfs/${root}/?page=${ENTRIES / PAGE}`, { headers: { accept: 'text/html' } })
  assert.is(last.status, 200)
  const beyond = await ask(gateway, `/ipfs/${root}/?page=${ENTRIES / PAGE + 1}`, { headers: { accept: 'text/html' } })
  assert.is(beyond.status, 404)
  const entry = await ask(gateway, `/ipfs/${root}/${nameOf(12_345)}`)
  assert.equal(new Uint8Array(entry.body), CONTENT)
  assert.is((await ask(gateway, `/ipfs/${root}/no-such-entry`)).status, 404)
  const whole = await ask(gateway, `/ipfs/${root}?format=car&dag-scope=entity`, { mostBytes: 1e9 })
  assert.is(whole.end, 'whole')
  assert.is(readCarCids(whole.body).length, blocks - 1)
  let lines = 0
  let rest = ''
  const listing = await fetch(`${api}/api/v0/ls?arg=${root}&stream=true&resolve-type=false&size=false`, {
    method: 'POST',
  })
  const decoder = new TextDecoder()
  for await (const chunk of listing.body ?? []) {
    const pieces = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = pieces.pop() ?? ''
    lines += pieces.length
  }
  assert.is(lines, ENTRIES)
  const took = Math.round((probe.peakBytes() - before) / MiB)
  console.log(
    `\n» big folder: ${ENTRIES} entries in ${blocks} blocks, first byte: ${figures.join(', ')}; ${took} MiB above idle at the peak, ${HEAP_MIB} MiB of heap`,
  )
  assert.ok(took < MOST_MIB, `${took} MiB`)
  await probe.daemon.stop()
})

test.run()
