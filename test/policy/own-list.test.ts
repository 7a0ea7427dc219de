import { appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { CID } from 'multiformats/cid'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { RAW } from '../../src/block/cid.ts'
import { sha256 } from '../../src/block/hash.ts'
import { isCairnError } from '../../src/errors.ts'
import { SILENT } from '../../src/observe/log.ts'
import { denyPaths } from '../../src/policy/deny-paths.ts'
import { DenyService } from '../../src/policy/deny-service.ts'
import { addOwnRule, askedOf, ownRules, removeOwnRules } from '../../src/policy/own-list.ts'
import { temporaryFolder } from '../support/cairn.ts'
import { configOf } from './node.ts'

const A = CID.createV1(RAW, sha256(Buffer.from('a')))
const plain = { isAllowed: false, isHashed: false }

function newRepo() {
  const repo = join(temporaryFolder('own'), 'repo')
  mkdirSync(repo)
  const service = () => new DenyService({ repo, config: configOf(repo).deny, log: SILENT, isCommand: true })
  const rule = (path: string) => {
    using lists = service()
    return lists.denylist.check(askedOf(path))
  }
  return { repo, rule, service }
}

test('rules as they are written: names are literal here and encoded there, a star at the end stays one', () => {
  const { repo, rule } = newRepo()
  const written = (target: string, more = {}) => addOwnRule(repo, { target, ...plain, ...more })
  assert.is(written(`/ipfs/${A}/a b/100%/*`), `/ipfs/${A}/a%20b/100%25/*`)
  assert.is(written(`${A}/a*b`, { status: 451, reason: 'a b' }), `/ipfs/${A}/a%2Ab gateway_status=451 reason=a%20b`)
  assert.is(written('/ipns/Example.com'), '/ipns/Example.com')
  assert.match(written(`/ipfs/${A}/secret`, { isHashed: true }), /^\/\/Qm/)
  assert.match(written('/ipns/hidden.example', { isHashed: true }), /^\/\/Qm/)
  assert.is(written('/ipns/example.com', { isAllowed: true }), '!/ipns/example.com')
  assert.is(rule(`/ipfs/${A}/a b/100%/x`)?.id, 'own:1')
  assert.equal([rule(`/ipfs/${A}/a*b`)?.status, rule(`/ipfs/${A}/a*b`)?.reason], [451, 'a b'])
  assert.is(rule(`/ipfs/${A}/a+b`), undefined)
  assert.is(rule('/ipns/EXAMPLE.com'), undefined)
  assert.is(rule(`/ipfs/${A}/secret`)?.id, 'own:4')
  assert.is(rule(`/ipfs/${A}`), undefined)
  assert.is(rule('/ipns/hidden.example')?.id, 'own:5')
})

test('taken out by what was given, in whatever form it was written; the rest of the file stays', () => {
  const { repo, rule } = newRepo()
  addOwnRule(repo, { target: String(A), ...plain })
  addOwnRule(repo, { target: `/ipfs/${A}/x*`, ...plain })
  appendFileSync(denyPaths(repo).own, '# a note without a line end')
  addOwnRule(repo, { target: String(A), ...plain, isHashed: true })
  assert.is(ownRules(repo).length, 3)
  assert.is(removeOwnRules(repo, `/ipfs/${A}`).length, 2)
  assert.is(rule(String(A)), undefined)
  assert.is(rule(`/ipfs/${A}/xy`)?.id, 'own:1')
  assert.equal(removeOwnRules(repo, String(A)), [])
  assert.is(removeOwnRules(repo, `${A}/x*`).length, 1)
  assert.equal(ownRules(repo), [])
})

test('what cannot be a rule is refused before anything is written', () => {
  const { repo } = newRepo()
  for (const target of ['nonsense', '/ipfs/*', '*', '/ipfs/', '//zz', '/ipns/', '']) {
    const isUsage = (error: unknown) => isCairnError(error, 'USAGE')
    assert.throws(() => addOwnRule(repo, { target, ...plain }), isUsage, target)
  }
  assert.throws(() => addOwnRule(repo, { target: `${A}/a*`, ...plain, isHashed: true }), /hash/)
  assert.equal(ownRules(repo), [])
})

test('a line of a rule cannot carry a second one', () => {
  const { repo, rule } = newRepo()
  addOwnRule(repo, { target: '/ipns/one.example', ...plain, reason: `x\n!/ipns/one.example\n/ipfs/${A}` })
  assert.is(ownRules(repo).length, 1)
  assert.is(rule('/ipns/one.example')?.id, 'own:1')
  assert.is(rule(String(A)), undefined)
  const isUsage = (error: unknown) => isCairnError(error)
  assert.throws(() => addOwnRule(repo, { target: `/ipns/two.example\n/ipfs/${A}`, ...plain }), isUsage)
  assert.is(rule(String(A)), undefined)
})

test.run()
