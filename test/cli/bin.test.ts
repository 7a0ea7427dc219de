import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, openSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { BIN, cairn, cairnOk, startDaemon, temporaryFolder } from '../support/cairn.ts'

const repo = join(temporaryFolder('bin'), 'repo')
const file = (name: string, content: string | Uint8Array): string => {
  const path = join(mkdtempSync(join(tmpdir(), 'file-')), name)
  writeFileSync(path, content)
  return path
}

test('the bundle is built, and is what runs', () => {
  for (const name of ['cli.js', 'commands.js', 'index.js', 'commit-worker.js'])
    assert.ok(existsSync(join(BIN, '../../dist', name)), `${name} is missing: npm run build`)
})

test('add prints what ipfs prints; -Q the CID alone; stdin; only-hash makes no repository', async () => {
  const path = file('hello.txt', 'hello\n')
  const none = join(temporaryFolder('none'), 'repo')
  const hashed = await cairnOk(['add', '-n', '-Q', path], { repo: none })
  assert.not.ok(existsSync(none))
  const cid = await cairnOk(['add', '-Q', path], { repo })
  assert.is(hashed, cid)
  assert.is(await cairnOk(['add', path], { repo }), `added ${cid} hello.txt`)
  assert.is(await cairnOk(['add', '-q', '-'], { repo, input: 'hello\n' }), cid)
  assert.is(await cairnOk(['add'], { repo, input: 'hello\n' }), `added ${cid} ${cid}`)
  const wrapped = await cairnOk(['add', '-w', '--stdin-name=in.txt'], { repo, input: 'hello\n' })
  assert.match(wrapped, new RegExp(`^added ${cid} in.txt\nadded bafy\\S+ $`))
  assert.is(await cairnOk(['cat', cid], { repo }), 'hello')
  assert.is(await cairnOk(['cat', '--offset', '1', '--length', '3', cid], { repo }), 'ell')
  assert.is(await cairnOk(['add', '--silent', path], { repo }), '')
})

test('names from others cannot steer the terminal', async () => {
  const folder = join(temporaryFolder('names'), 'in')
  mkdirSync(folder)
  writeFileSync(join(folder, 'red\u001b[31m.txt'), 'x')
  const { stdout } = await cairn(['add', folder], { repo })
  assert.match(stdout, /in\/red\\x1b\[31m\.txt/)
  assert.not.ok(stdout.includes('\u001b'))
})

test('an output that nobody reads ends it quietly', async () => {
  const folder = join(temporaryFolder('many'), 'in')
  mkdirSync(folder)
  for (let i = 0; i < 3000; i++) writeFileSync(join(folder, `a-rather-long-name-for-a-file-${i}`), String(i))
  const root = await cairnOk(['add', '-Q', folder], { repo })
  const ran = spawn(process.execPath, [BIN, 'ls', root], {
    env: { ...process.env, CAIRN_REPO: repo, CAIRN_MODE: 'offline' },
  })
  ran.stdout.destroy()
  let stderr = ''
  ran.stderr.on('data', chunk => {
    stderr += chunk
  })
  const [code] = await once(ran, 'close')
  assert.is(code, 141)
  assert.is(stderr, '')
})

test('an output that does not fit on its disk is a failure', async () => {
  if (!existsSync('/dev/full')) return
  const full = openSync('/dev/full', 'w')
  const ran = spawn(process.execPath, [BIN, 'help'], { stdio: ['ignore', full, 'pipe'] })
  let stderr = ''
  ran.stderr?.on('data', chunk => {
    stderr += chunk
  })
  const [code] = await once(ran, 'close')
  closeSync(full)
  assert.is(code, 8)
  assert.match(stderr, 'error: ENOSPC')
})

test('Ctrl-C during add: 130, nothing is pinned, and the next run is whole', async () => {
  const fresh = join(temporaryFolder('ctrl-c'), 'repo')
  await cairnOk(['init'], { repo: fresh })
  const interrupt = async (signal: NodeJS.Signals) => {
    const child = spawn(process.execPath, [BIN, 'add', '-'], {
      env: { ...process.env, CAIRN_REPO: fresh, CAIRN_MODE: 'offline' },
    })
    child.stdin.on('error', () => {})
    let taken = 0
    while (taken < 64) {
      child.stdin.write(Buffer.alloc(1 << 16, taken++))
      if (child.stdin.writableNeedDrain) await once(child.stdin, 'drain')
    }
    child.kill(signal)
    return once(child, 'exit')
  }
  assert.equal(await interrupt('SIGINT'), [130, null])
  assert.equal(await interrupt('SIGTERM'), [143, null])
  assert.is(await cairnOk(['pin', 'ls'], { repo: fresh }), '')
  const check = await cairn(['repo', 'check', '--read-data'], { repo: fresh })
  assert.is(check.code, 0, check.stdout)
})

test('--timeout ends it with 5', async () => {
  const ran = spawn(process.execPath, [BIN, 'add', '--timeout', '300ms', '-'], {
    env: { ...process.env, CAIRN_REPO: repo, CAIRN_MODE: 'offline' },
  })
  let stderr = ''
  ran.stderr.on('data', chunk => {
    stderr += chunk
  })
  const [code] = await once(ran, 'close')
  assert.is(code, 5, stderr)
  assert.match(stderr, 'error: it took too long')
})

/** Node programs on the PATH older than what Cairn needs. */
const old = (process.env.PATH ?? '')
  .split(delimiter)
  .concat('/usr/bin', '/usr/local/bin')
  .map(folder => join(folder, 'node'))
  .find(path => existsSync(path) && Number(/^v(\d+)/.exec(String(execFileSync(path, ['--version'])))?.[1]) < 24)

if (old === undefined) {
  console.log('SKIP: an older Node starts the right one: there is no Node below 24 on this machine')
  test.skip('an older Node goes on with the one of the clone')
} else {
  const start = (args: string[], bin = BIN): ChildProcess =>
    spawn(old, [bin, ...args], { env: { ...process.env, CAIRN_REPO: repo, CAIRN_MODE: 'offline' } })
  const finish = async (child: ChildProcess) => {
    let text = ''
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', chunk => (text += chunk))
    const [code] = await once(child, 'close')
    return { code, text }
  }

  test('an older Node goes on with the one of the clone: output, exit code, signals', async () => {
    const version = await finish(start(['version']))
    assert.is(version.code, 0)
    assert.match(version.text, /^cairn .*node 2[4-9]\./)
    assert.is((await finish(start(['nonsense']))).code, 2)
    const daemon = start(['daemon', '--json', '--gateway', '127.0.0.1:0', '--api', '127.0.0.1:0'])
    await once(daemon.stdout as NodeJS.ReadableStream, 'data')
    daemon.kill('SIGINT')
    assert.is((await finish(daemon)).code, 0)
  })

  test('an older Node without a newer one says in one line what to do', async () => {
    const alone = mkdtempSync(join(tmpdir(), 'alone-'))
    mkdirSync(join(alone, 'cli'))
    writeFileSync(join(alone, 'package.json'), '{"type":"module"}')
    copyFileSync(BIN, join(alone, 'cli/bin.js'))
    const { code, text } = await finish(start(['version'], join(alone, 'cli/bin.js')))
    assert.is(code, 2)
    assert.match(text, /^cairn needs Node 24 or newer and this is v\d.*\n$/)
  })
}

test('the daemon: one ready line, beside it commands, then no trace of it', async () => {
  const daemon = await startDaemon({ repo })
  try {
    assert.match(daemon.peerId, /^12D3Koo/)
    assert.equal(daemon.swarm, [])
    const id = JSON.parse(await cairnOk(['id', '--json'], { repo }))
    assert.is(id.id, daemon.peerId)
    assert.is(id.daemon, true)
    const cid = await cairnOk(['add', '-Q', '-'], { repo, input: 'beside\n' })
    const response = await fetch(`${daemon.gateway}/ipfs/${cid}`)
    assert.is(await response.text(), 'beside\n')
    assert.is(await cairnOk(['pin', 'add', cid], { repo }), `pinned ${cid} recursively`)

    const second = await cairn(['daemon', '--gateway', '127.0.0.1:0', '--api', '127.0.0.1:0'], { repo })
    assert.is(second.code, 11)
    assert.match(second.stderr, `process ${daemon.child.pid}`)

    const elsewhere = join(temporaryFolder('port'), 'repo')
    const taken = daemon.gateway.replace('http://', '')
    const clash = await cairn(['daemon', '--gateway', taken, '--api', '127.0.0.1:0'], { repo: elsewhere })
    assert.is(clash.code, 2)
    assert.match(clash.stderr, /is in use by .*--gateway HOST:PORT or the config key gateway\.listen/s)
  } finally {
    await daemon.stop()
  }
  assert.is(daemon.child.exitCode, 0)
  for (const name of ['api', 'gateway']) assert.not.ok(existsSync(join(repo, name)))
})

test('private without its key does not start, and says what is missing', async () => {
  const fresh = join(temporaryFolder('private'), 'repo')
  const args = ['daemon', '--mode', 'private', '--gateway', '127.0.0.1:0', '--api', '127.0.0.1:0']
  const { code, stderr } = await cairn(args, { repo: fresh })
  assert.is(code, 2)
  assert.match(stderr, 'swarm.key cannot be read')
  assert.not.ok(existsSync(join(fresh, 'api')))
})

test('shutdown waits until the daemon has gone', async () => {
  const daemon = await startDaemon({ repo })
  const exit = once(daemon.child, 'exit')
  assert.is(await cairnOk(['shutdown'], { repo }), 'the daemon has stopped')
  assert.equal(await exit, [0, null])
  assert.is((await cairn(['shutdown'], { repo })).code, 12)
})

test('a daemon that was killed does not mislead commands', async () => {
  const daemon = await startDaemon({ repo })
  await daemon.kill()
  assert.ok(existsSync(join(repo, 'api')))
  assert.is((await cairn(['swarm', 'peers'], { repo })).code, 12)
  const cid = await cairnOk(['add', '-Q', '-'], { repo, input: 'after\n' })
  assert.is(await cairnOk(['cat', cid], { repo }), 'after')
  const next = await startDaemon({ repo })
  await next.stop()
  assert.not.ok(existsSync(join(repo, 'api')))
})

test.run()
