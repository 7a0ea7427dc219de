// Adding: one large file in both profiles, trees of small and tiny files, the same again; Kubo unsynced (its default), Cairn durable.

import { execFileSync } from 'node:child_process'
import { rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { largeFile, smallTree } from './lib/corpus.ts'
import { type Contender, measure } from './lib/measure.ts'
import { cairn, findKubo, kubo, kuboInit, workFolder } from './lib/programs.ts'

const folder = workFolder()
const program = findKubo()
const ourRepo = join(folder, 'cairn')
const kuboRepo = join(folder, 'kubo')
const last = (text: string) => text.split('\n').at(-1) ?? ''

function contenders(profile: string, input: string, { again = false, onlyHash = false } = {}): Contender[] {
  const flags = [...(onlyHash ? ['--only-hash'] : []), '-r', '-Q']
  const ours: Contender = {
    name: 'cairn',
    command: `cairn add --profile ${profile} ${flags.join(' ')} INPUT`,
    before: () => {
      if (again) return
      rmSync(ourRepo, { recursive: true, force: true })
      cairn(ourRepo, 'init', '--quiet')
    },
    run: () => ({ result: last(cairn(ourRepo, 'add', '--profile', profile, ...flags, input)) }),
  }
  const limit = onlyHash ? hashing(input) : writing(input)
  if (program === undefined) return [ours, limit]
  const theirs: Contender = {
    name: 'kubo',
    command: `ipfs add ${flags.join(' ')} INPUT   (profile ${profile}, no daemon, Datastore sync as by default: off)`,
    before: () => {
      if (!again) kuboInit(program, kuboRepo, profile)
    },
    run: () => ({ result: last(kubo(program, kuboRepo, 'add', ...flags, input)) }),
  }
  return [ours, theirs, limit]
}

/** What the hardware asks for in any case: reading and hashing the bytes on one core. */
function hashing(input: string): Contender {
  const script =
    'const fs=require("fs"),c=require("crypto"),b=Buffer.alloc(1<<20),f=fs.openSync(process.argv[1]);for(let n;(n=fs.readSync(f,b,0,b.length,null))>0;)c.hash("sha256",b.subarray(0,n))'
  return {
    name: 'limit',
    command: 'read INPUT in 1 MiB pieces and hash each with node:crypto, one core',
    run: () => void execFileSync(process.execPath, ['-e', script, input]),
  }
}

/** Writing the bytes, durable: one file by dd, a folder by cp and one sync of its file system. */
function writing(input: string): Contender {
  const copy = join(folder, 'copy')
  const isFile = statSync(input).isFile()
  const command = isFile
    ? `dd if=${input} of=${copy} bs=1M conv=fdatasync`
    : `cp -r ${input} ${copy} && sync -f ${copy}`
  return {
    name: 'limit',
    command: command.replaceAll(input, 'INPUT').replaceAll(copy, 'COPY'),
    before: () => rmSync(copy, { recursive: true, force: true }),
    run: () => void execFileSync('sh', ['-c', command], { stdio: 'ignore' }),
  }
}

const gigabyte = largeFile(folder, 1024)
const state = 'input in the page cache, repository new for each run'
await measure({
  name: 'add-1gib-v1',
  what: 'add a 1 GiB file, 1 MiB chunks',
  target: '≤ 0.9 × Kubo',
  state,
  contenders: contenders('unixfs-v1-2025', gigabyte),
})
await measure({
  name: 'add-1gib-v0',
  what: 'add a 1 GiB file, profile unixfs-v0-2015',
  target: '≤ 0.8 × Kubo',
  state,
  contenders: contenders('unixfs-v0-2015', gigabyte),
})
await measure({
  name: 'only-hash-1gib',
  what: 'only-hash of a 1 GiB file',
  target: '≤ 0.8 × Kubo',
  state,
  contenders: contenders('unixfs-v1-2025', gigabyte, { onlyHash: true }),
})
rmSync(gigabyte)

const tree = smallTree(folder, 10_000)
await measure({
  name: 'add-10k',
  what: 'add 10,000 files of 1–16 KiB',
  target: '≤ 0.5 × Kubo',
  state,
  contenders: contenders('unixfs-v1-2025', tree),
})
await measure({
  name: 'add-10k-again',
  what: 'add the same 10,000 files again',
  target: '≤ 0.3 × Kubo',
  state: 'all of it there already',
  contenders: contenders('unixfs-v1-2025', tree, { again: true }),
})
rmSync(tree, { recursive: true })

const tiny = smallTree(folder, 200_000, true)
await measure({
  name: 'add-200k-tiny',
  what: 'add 200,000 files of 1–100 bytes',
  target: '≤ 0.2 × Kubo',
  state,
  runs: 3,
  contenders: contenders('unixfs-v1-2025', tiny),
})
