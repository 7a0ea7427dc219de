import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadSigningKey, signingKeysFolder } from '../../gateway/safety/signing-keys.ts'
import { SILENT } from '../../src/observe/log.ts'
import { denyPaths, subscribedFile, subscribedState } from '../../src/policy/deny-paths.ts'
import { backUpRepo } from '../../src/store/backup/backup.ts'
import { backUpDaily } from '../../src/store/backup/daily.ts'
import { restoreRepo } from '../../src/store/backup/restore.ts'
import { repoPaths } from '../../src/store/paths.ts'
import { rebuildIndex } from '../../src/store/rebuild/rebuild.ts'
import { filled } from '../store/check-support.ts'
import { freshPath, openAt, WAIT } from '../store/support.ts'
import { cairnOk, startDaemon, temporaryFolder } from '../support/cairn.ts'

const LIST_URL = 'https://lists.example/a.deny'
const CID = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'

/** What a restored repository makes anew, or has no use for. docs/backup.md names the same. */
const MADE_ANEW: readonly { readonly path: RegExp; readonly doc: string }[] = [
  { path: /^cairn\.db(-wal|-shm)?$/, doc: 'cairn.db-wal' },
  { path: /^quarantine\//, doc: 'quarantine/' },
  { path: /^leases\//, doc: 'leases/' },
  { path: /\.lock(-journal)?$/, doc: '*.lock' },
  { path: /\.tmp$/, doc: '*.tmp' },
  { path: /^api$/, doc: '`api`' },
  { path: /^gateway$/, doc: '`gateway`' },
  { path: /^daemon\.pid$/, doc: 'daemon.pid' },
  { path: /^reserve$/, doc: '`reserve`' },
  { path: /^backups\//, doc: '`backups/`' },
  { path: /^denylists\/refused\.log(\.1)?$/, doc: 'denylists/refused.log' },
]

const filesBelow = (path: string): string[] =>
  readdirSync(path, { recursive: true, withFileTypes: true })
    .filter(entry => !entry.isDirectory())
    .map(entry => relative(path, join(entry.parentPath, entry.name)))
    .sort()

function writeUsersFiles(repo: string): void {
  const { folder, subscribed, log } = denyPaths(repo)
  mkdirSync(subscribed, { recursive: true })
  writeFileSync(join(folder, 'mine.deny'), `/ipfs/${CID}\n`.repeat(30_000))
  writeFileSync(subscribedFile(repo, LIST_URL), `/ipfs/${CID}\n`)
  writeFileSync(subscribedState(repo, LIST_URL), JSON.stringify({ url: LIST_URL, checkedAt: '' }))
  writeFileSync(`${log}.1`, '{}\n')
  writeFileSync(join(repo, 'beside.deny'), `/ipfs/${CID}\n`)
  writeFileSync(join(repoPaths(repo).quarantine, 'damaged.data'), 'x')
}

async function backUp(repo: string, folder: string): Promise<void> {
  await using store = await openAt(repo)
  for await (const _ of backUpRepo({ store, folder, ...WAIT }));
}

async function restore(folder: string): Promise<string> {
  const path = freshPath()
  for await (const _ of restoreRepo({ folder, path, ...WAIT }));
  return path
}

test('every kind of file of a repository with everything is restored as it was, or on the list of what is made anew', async () => {
  const repo = join(temporaryFolder('side-files'), 'repo')
  await cairnOk(['init'], { repo })
  await cairnOk(['config', 'set', 'gateway.signedUrls', 'beyond'], { repo })
  await cairnOk(['add', '-Q'], { repo, input: Buffer.alloc(300_000, 7) })
  const allowed = await cairnOk(['add', '-Q', '--chunker', 'size-1048576'], { repo, input: Buffer.alloc(900_000, 8) })
  await cairnOk(['sign', `/ipfs/${allowed}`], { repo })
  await cairnOk(['sign', `/ipfs/${allowed}`, '--key', 'partners'], { repo })
  await cairnOk(['deny', 'add', CID], { repo })
  writeUsersFiles(repo)
  await cairnOk(['gc'], { repo })
  const daemon = await startDaemon({ repo })
  let seen: string[]
  const to = join(temporaryFolder('side-files'), 'copy')
  try {
    // A daemon that finds one wants to be private.
    writeFileSync(join(repo, 'swarm.key'), '/key/swarm/psk/1.0.0/\n')
    await fetch(`${readFileSync(join(repo, 'gateway'), 'utf8').trim()}/ipfs/${CID}`)
    seen = filesBelow(repo)
    await cairnOk(['backup', to], { repo })
  } finally {
    await daemon.stop()
  }
  const restored = await restore(to)
  const missing = seen.filter(
    name => !existsSync(join(restored, name)) && !MADE_ANEW.some(({ path }) => path.test(name)),
  )
  assert.equal(missing, [])
  const kept = seen.filter(name => !MADE_ANEW.some(({ path }) => path.test(name)))
  for (const name of kept) {
    assert.ok(readFileSync(join(restored, name)).equals(readFileSync(join(repo, name))), name)
    assert.is(statSync(join(restored, name)).mode & 0o077, 0, name)
  }
  for (const name of ['signing-keys/main', 'signing-keys/partners', 'denylists/own.deny', 'denylists/mine.deny'])
    assert.ok(kept.includes(name), name)
  assert.is(loadSigningKey(restored, 'main', { create: false }).byteLength, 32)
  const docs = readFileSync(new URL('../../docs/backup.md', import.meta.url), 'utf8')
  for (const { doc } of MADE_ANEW) assert.ok(docs.includes(doc), doc)
  console.log(
    `\n» backup of a whole repository: ${seen.length} files seen, ${kept.length} restored byte for byte, the rest of ${MADE_ANEW.length} kinds made anew`,
  )
})

test('a signing key and a list that were taken back are taken out of the next backup', async () => {
  const { path: repo, ...store } = await filledRepo()
  await store.close()
  const to = join(temporaryFolder('side-files'), 'copy')
  loadSigningKey(repo, 'leaked', { create: true })
  loadSigningKey(repo, 'main', { create: true })
  mkdirSync(denyPaths(repo).folder)
  writeFileSync(denyPaths(repo).own, `/ipfs/${CID}\n`.repeat(10))
  await backUp(repo, to)
  rmSync(join(signingKeysFolder(repo), 'leaked'))
  writeFileSync(denyPaths(repo).own, `/ipfs/${CID}\n`)
  await backUp(repo, to)
  const restored = await restore(to)
  assert.equal(readdirSync(signingKeysFolder(restored)), ['main'])
  assert.is(lstatSync(signingKeysFolder(restored)).mode & 0o777, 0o700)
  assert.is(readFileSync(denyPaths(restored).own, 'utf8'), `/ipfs/${CID}\n`)
})

test('a rebuild brings lost signing keys back, but none that was taken back', async () => {
  const { path: repo, ...store } = await filledRepo()
  loadSigningKey(repo, 'leaked', { create: true })
  const key = loadSigningKey(repo, 'main', { create: true })
  await store.daily()
  await store.close()
  const rebuild = async () => {
    for (const end of ['', '-wal', '-shm']) rmSync(`${repoPaths(repo).database}${end}`, { force: true })
    for await (const _ of rebuildIndex({ path: repo, log: SILENT, ...WAIT }));
  }
  rmSync(join(signingKeysFolder(repo), 'leaked'))
  await rebuild()
  assert.equal(readdirSync(signingKeysFolder(repo)), ['main'])
  rmSync(signingKeysFolder(repo), { recursive: true })
  await rebuild()
  assert.equal(readdirSync(signingKeysFolder(repo)), ['leaked', 'main'])
  assert.equal(loadSigningKey(repo, 'main', { create: false }), key)
})

async function filledRepo() {
  const store = await filled()
  return {
    path: store.path,
    daily: () => backUpDaily({ store, log: SILENT, now: true, ...WAIT }),
    close: () => store[Symbol.asyncDispose](),
  }
}

test.run()
