// Collecting 190,000 dead blocks out of 200,000, beside Kubo with the same blocks.

import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { smallTree } from './lib/corpus.ts'
import { type Contender, measure } from './lib/measure.ts'
import { cairn, findKubo, kubo, kuboInit, workFolder } from './lib/programs.ts'

const folder = workFolder()
const program = findKubo()
const repos = { cairn: join(folder, 'cairn'), kubo: join(folder, 'kubo') }
const kept = smallTree(folder, 10_000, true)
const dead = smallTree(folder, 190_000, true)
const profile = 'unixfs-v1-2025'

cairn(repos.cairn, 'init', '--quiet')
cairn(repos.cairn, 'config', 'set', 'store.grace', '0s')
cairn(repos.cairn, 'add', '--profile', profile, '-r', '-Q', kept)
cairn(repos.cairn, 'add', '--profile', profile, '-r', '-Q', '--no-pin', dead)
const contenders: Contender[] = [collector('cairn', 'cairn gc', repo => cairn(repo, 'gc', '--quiet'))]
if (program !== undefined) {
  kuboInit(program, repos.kubo, profile)
  kubo(program, repos.kubo, 'add', '-r', '-Q', kept)
  kubo(program, repos.kubo, 'add', '-r', '-Q', '--pin=false', dead)
  contenders.push(collector('kubo', 'ipfs repo gc -q', repo => kubo(program, repo, 'repo', 'gc', '-q')))
}
await measure({
  name: 'gc-190k',
  what: 'collect 190,000 dead blocks of 200,000',
  target: '≤ 0.25 × Kubo',
  state: 'a fresh copy of the repository for each run, no daemon',
  runs: 3,
  contenders,
})

function collector(name: 'cairn' | 'kubo', command: string, collect: (repo: string) => unknown): Contender {
  const copy = `${repos[name]}-copy`
  return {
    name,
    command,
    before: () => {
      execFileSync('rm', ['-rf', copy])
      execFileSync('cp', ['-a', repos[name], copy])
    },
    run: () => void collect(copy),
  }
}
