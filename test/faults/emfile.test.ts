import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { BIN, cairn, cairnOk, temporaryFolder } from '../support/cairn.ts'
import { makeTree, randomBytes } from '../support/files.ts'
import { FULL, say, until } from './support.ts'

const FILES = 96
const ROUNDS = FULL ? 12 : 2

interface Small {
  readonly child: ChildProcess
  readonly gateway: string
  readonly api: string
}

/** A daemon that may have only so many files open. */
async function startSmall(repo: string): Promise<Small> {
  const flags = ['--json', '--mode', 'offline', '--gateway', '127.0.0.1:0', '--api', '127.0.0.1:0']
  const script = `ulimit -n ${FILES}; exec "$@"`
  const child = spawn('sh', ['-c', script, 'sh', process.execPath, BIN, 'daemon', ...flags], {
    env: { ...process.env, CAIRN_REPO: repo, CAIRN_DAEMON_MDNS: 'false' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let seen = ''
  for await (const chunk of child.stdout) {
    seen += chunk
    if (seen.includes('\n')) break
  }
  return { child, ...(JSON.parse(seen) as { gateway: string; api: string }) }
}

const openFiles = (pid: number | undefined): number => readdirSync(`/proc/${pid}/fd`).length

function hold(gateway: string): Promise<Socket> {
  const { hostname, port } = new URL(gateway)
  const socket = connect(Number(port), hostname)
  return new Promise(resolve => {
    const settle = () => resolve(socket)
    socket.on('error', settle)
    socket.on('connect', settle)
  })
}

test('a daemon out of descriptors sheds load, lives, and serves as before when they come back', async () => {
  const repo = join(temporaryFolder('emfile'), 'repo')
  const bytes = randomBytes(6)(4_000_000)
  const root = await cairnOk(['add', '-Q', '--chunker', 'size-262144'], { repo, input: bytes })
  const { child, gateway, api } = await startSmall(repo)
  const asked = { whole: 0, refused: 0, cut: 0 }
  const statuses = new Set<number>()
  const ask = async (): Promise<void> => {
    try {
      const answer = await fetch(`${gateway}/ipfs/${root}`, { headers: { connection: 'close' } })
      const got = Buffer.from(await answer.arrayBuffer())
      if (answer.status !== 200) {
        statuses.add(answer.status)
        asked.refused++
      } else {
        assert.ok(got.equals(bytes), 'wrong bytes')
        asked.whole++
      }
    } catch (error) {
      if (error instanceof assert.Assertion) throw error
      asked.cut++
    }
  }
  let most = 0
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const held = await Promise.all(Array.from({ length: FILES * 2 }, () => hold(gateway)))
      most = Math.max(most, openFiles(child.pid))
      await Promise.all(Array.from({ length: 12 }, ask))
      const form = new FormData()
      form.append('file', new Blob([Uint8Array.from(randomBytes(round)(300_000))]), 'file')
      // Acknowledged or not; what matters is that it is one of the two.
      await fetch(`${api}/api/v0/add`, { method: 'POST', body: form }).then(
        answer => answer.text(),
        () => '',
      )
      for (const socket of held) socket.destroy()
      await until(() => openFiles(child.pid) < FILES - 40, 'descriptors come back')
      const answer = await fetch(`${gateway}/ipfs/${root}`)
      assert.is(answer.status, 200, await answer.clone().text())
      assert.ok(Buffer.from(await answer.arrayBuffer()).equals(bytes))
      const form2 = new FormData()
      form2.append('file', new Blob(['after']), 'file')
      const added = await fetch(`${api}/api/v0/add`, { method: 'POST', body: form2 })
      const said = await added.text()
      assert.ok(added.ok && said.includes('"Hash"'), said)
      assert.is(await (await fetch(`${api}/readyz`)).text(), 'ready\n')
    }
    assert.is(child.exitCode, null, 'it lives')
  } finally {
    const gone = once(child, 'exit')
    child.kill('SIGTERM')
    await gone
  }
  const check = await cairn(['repo', 'check', '--read-data'], { repo })
  assert.is(check.code, 0, check.stdout)
  for (const status of statuses) assert.ok([429, 503].includes(status), `status ${status}`)
  say(
    `EMFILE: a daemon with ${FILES} descriptors, ${ROUNDS} times ${FILES * 2} connections: ${most} open at most, ${asked.whole} answers whole, ${asked.refused} refused (${[...statuses]}), ${asked.cut} connections shed, 0 wrong; serving and writing again after each`,
  )
  assert.ok(most >= FILES - 8, `${most} descriptors were open`)
})

test('many files and many packs with few descriptors', async () => {
  const work = temporaryFolder('few')
  const repo = join(work, 'repo')
  const tree = makeTree(join(work, 'tree'), { seed: 21, count: FULL ? 3000 : 400, maxBytes: 40_000 })
  const few = (args: readonly string[], limit: number) =>
    new Promise<{ code: number | null; stdout: string; stderr: string }>(resolve => {
      const child = spawn('sh', ['-c', `ulimit -n ${limit}; exec "$@"`, 'sh', process.execPath, BIN, ...args], {
        env: { ...process.env, CAIRN_REPO: repo, CAIRN_MODE: 'offline' },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      let [stdout, stderr] = ['', '']
      child.stdout.on('data', chunk => {
        stdout += chunk
      })
      child.stderr.on('data', chunk => {
        stderr += chunk
      })
      child.on('close', code => resolve({ code, stdout, stderr }))
    })
  await cairnOk(['init'], { repo })
  let [good, refused] = [0, 0]
  for (const limit of [22, 26, 30, 34, 40, 64]) {
    const { code, stdout, stderr } = await few(['add', '-Q', tree], limit)
    if (code === 0) {
      good++
      await cairnOk(['dag', 'stat', stdout.trim()], { repo })
    } else {
      refused++
      assert.not.match(stderr, /this is a bug/, `ulimit -n ${limit}: ${stderr}`)
    }
    const check = await cairn(['repo', 'check'], { repo })
    assert.is(check.code, 0, `ulimit -n ${limit}: ${check.stdout}`)
  }
  say(
    `EMFILE: a folder added with 22 to 64 descriptors: ${good} times done, ${refused} times refused, repository clean after each`,
  )
  assert.ok(good > 0)
})

test.run()
