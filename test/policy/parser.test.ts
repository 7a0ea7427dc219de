import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import { base32 } from 'multiformats/bases/base32'
import { base58btc } from 'multiformats/bases/base58'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { DAG_PB, RAW, toV1 } from '../../src/block/cid.ts'
import { hashByName, sha256 } from '../../src/block/hash.ts'
import { isCairnError } from '../../src/errors.ts'
import { readBase32, readBase58, writeBase58 } from '../../src/policy/base-text.ts'
import { denylistOf, parseList, ruleFor } from './support.ts'

const cidOf = (text: string, codec = RAW) => CID.createV1(codec, sha256(Buffer.from(text)))
const A = cidOf('a')
const B = cidOf('b')
const b58 = (cid: CID) => base58btc.encode(cid.multihash.bytes).slice(1)
const hashed = (text: string) => base58btc.encode(sha256(Buffer.from(text)).bytes).slice(1)
const hex = (text: string) => createHash('sha256').update(text).digest('hex')
const KEY = 'k51qzi5uqu5dlvj2baxnqndepeb86cbk3ng7n3i46uzyxzyqj2xjonzllnv0v8'
const PEER = '12D3KooWRBy97UB99e3J6hiPesre1MZeuNQvfan4gBziswrRJsNK'

const counts = { rules: '' }

/** Every rule alone: what it blocks, and what it leaves alone. */
const ITEMS: readonly {
  readonly rule: string
  readonly blocked: readonly string[]
  readonly free: readonly string[]
}[] = [
  {
    rule: `/ipfs/${A}`,
    blocked: [`/ipfs/${A}`, `/ipfs/${CID.createV1(DAG_PB, A.multihash)}`, `/ipfs/${b58(A)}`, `/ipfs/${A}/below/it`],
    free: [`/ipfs/${B}`, `/ipns/${A.toString()}`],
  },
  { rule: `/ipfs/${A}/*`, blocked: [`/ipfs/${A}`, `/ipfs/${A}/x`], free: [`/ipfs/${B}/x`] },
  {
    rule: `/ipfs/${A}/a/b`,
    blocked: [`/ipfs/${A}/a/b`, `/ipfs/${A}/a/b/`, `/ipfs/${b58(A)}/a//b`, `/ipfs/${A}/a/./b`],
    free: [`/ipfs/${A}`, `/ipfs/${A}/a`, `/ipfs/${A}/a/bc`, `/ipfs/${A}/a/b/c`, `/ipfs/${B}/a/b`],
  },
  { rule: `/ipfs/${A}/a%20b`, blocked: [`/ipfs/${A}/a b`], free: [`/ipfs/${A}/a%20b`] },
  { rule: `/ipfs/${A}/%2A`, blocked: [`/ipfs/${A}/*`], free: [`/ipfs/${A}/x`, `/ipfs/${A}`] },
  {
    rule: `/ipfs/${A}/se*`,
    blocked: [`/ipfs/${A}/se`, `/ipfs/${A}/secret`, `/ipfs/${A}/secret/x`],
    free: [`/ipfs/${A}`, `/ipfs/${A}/s`, `/ipfs/${A}/a/se`, `/ipfs/${B}/se`],
  },
  {
    rule: `/ipfs/${A}/dir/*`,
    blocked: [`/ipfs/${A}/dir`, `/ipfs/${A}/dir/x/y`],
    free: [`/ipfs/${A}/directory`, `/ipfs/${A}`],
  },
  {
    rule: '/ipns/Example.COM',
    blocked: ['/ipns/example.com', '/ipns/EXAMPLE.com.', '/ipns/example.com/a'],
    free: ['/ipns/example.org', '/ipns/www.example.com'],
  },
  {
    rule: '/ipns/example.com/a*',
    blocked: ['/ipns/example.com/about'],
    free: ['/ipns/example.com', '/ipns/example.com/b'],
  },
  {
    rule: '/ipns/example.com/a',
    blocked: ['/ipns/example.com/a'],
    free: ['/ipns/example.com', '/ipns/example.com/ab'],
  },
  { rule: `/ipns/${KEY}`, blocked: [`/ipns/${KEY}`, `/ipns/${PEER}`, `/ipns/${KEY}/a`], free: ['/ipns/example.com'] },
  { rule: `/ipns/${PEER}/a`, blocked: [`/ipns/${KEY}/a`], free: [`/ipns/${KEY}`, `/ipns/${KEY}/b`] },
  {
    rule: `//${hashed(b58(A))}`,
    blocked: [`/ipfs/${A}`, `/ipfs/${b58(A)}`, `/ipfs/${A}/x`],
    free: [`/ipfs/${B}`],
  },
  {
    rule: `//${hashed(`${b58(A)}/a/b`)}`,
    blocked: [`/ipfs/${A}/a/b`, `/ipfs/${A}/a/b/`],
    free: [`/ipfs/${A}`, `/ipfs/${A}/a`],
  },
  {
    rule: `//${hashed('/ipns/example.com')}`,
    blocked: ['/ipns/example.com', '/ipns/example.com/x'],
    free: ['/ipns/example.org'],
  },
  {
    rule: `//${base58btc.encode(create(0x1e, hashByName('blake3').digest(Buffer.from(b58(A)))).bytes).slice(1)}`,
    blocked: [`/ipfs/${A}`],
    free: [`/ipfs/${B}`],
  },
  {
    rule: `//${hex(`${toV1(A).toString(base32)}/`)}`,
    blocked: [`/ipfs/${A}`, `/ipfs/${A}/x`, `/ipfs/${CID.createV1(DAG_PB, A.multihash)}`],
    free: [`/ipfs/${B}`],
  },
  { rule: `//${hex(`${A}/a/b`)}`, blocked: [`/ipfs/${A}/a/b`], free: [`/ipfs/${A}`] },
  { rule: `//${hex('example.com/')}`, blocked: ['/ipns/example.com'], free: ['/ipns/example.org'] },
]

test('every kind of rule blocks what it names, in all its spellings, and nothing else', () => {
  let asked = 0
  for (const { rule, blocked, free } of ITEMS) {
    const denylist = denylistOf(rule)
    assert.is(denylist.lists[0]?.list.badLines, 0, rule)
    for (const path of blocked) assert.ok(ruleFor(denylist, path), `${rule} does not block ${path}`)
    for (const path of free) assert.not.ok(ruleFor(denylist, path), `${rule} blocks ${path}`)
    asked += blocked.length + free.length
  }
  counts.rules = `${ITEMS.length} kinds of rules, ${asked} paths asked`
})

test('of all the rules that name something the last one counts, of all lists the strongest', () => {
  const order = denylistOf(`/ipfs/${A}/*`, `!/ipfs/${A}/free\n!/ipfs/${B}\n/ipfs/${B}`)
  assert.is(ruleFor(order, `/ipfs/${A}/free`), undefined)
  assert.is(ruleFor(order, `/ipfs/${A}/other`)?.id, 'list0:1')
  assert.is(ruleFor(order, `/ipfs/${B}`)?.id, 'list1:3')
  assert.is(ruleFor(denylistOf(`/ipfs/${A}/s*\n!/ipfs/${A}/secret`), `/ipfs/${A}/secret`), undefined)
  assert.ok(ruleFor(denylistOf(`!/ipfs/${A}/secret\n/ipfs/${A}/s*`), `/ipfs/${A}/secret`))
  // The same through a hash: what was blocked in the open is allowed again in secret.
  assert.is(ruleFor(denylistOf(`/ipfs/${A}\n!//${hashed(b58(A))}`), `/ipfs/${A}`), undefined)
})

test('hints: the status, the reason, who blocks; of the rule before those of its list', () => {
  const text = [
    'version: 1',
    'name: "A list"',
    'hints:',
    '  reason: of the list',
    '  gateway_status: 451',
    '---',
    `/ipfs/${A}`,
    `/ipfs/${B} gateway_status=410 reason=only%20this blocked_by=https://example.com/why`,
    `/ipfs/${cidOf('c')} code:451 reason:colon`,
    `/ipfs/${cidOf('d')} gateway_status=200 blocked_by=javascript:alert(1)`,
  ].join('\n')
  const denylist = denylistOf(text)
  assert.is(denylist.lists[0]?.list.header.name, 'A list')
  const rule = (cid: CID) => {
    const found = ruleFor(denylist, `/ipfs/${cid}`)
    return found && { status: found.status, reason: found.reason, blockedBy: found.blockedBy, line: found.line }
  }
  assert.equal(rule(A), { status: 451, reason: 'of the list', blockedBy: '', line: 7 })
  assert.equal(rule(B), { status: 410, reason: 'only this', blockedBy: 'https://example.com/why', line: 8 })
  assert.equal(rule(cidOf('c')), { status: 451, reason: 'colon', blockedBy: '', line: 9 })
  assert.equal(rule(cidOf('d')), { status: 410, reason: 'of the list', blockedBy: '', line: 10 })
})

test('what is no rule is named with its line; a list of another version, or below a header without end, is refused', () => {
  const { problems, ruleCount, badLines } = parseList(`---\n# fine\nnonsense\n/ipfs/*\n/ipfs/${A}\n\n/ipns/\n`)
  assert.is(ruleCount, 1)
  assert.is(badLines, 3)
  assert.equal(
    problems.map(({ line }) => line),
    [3, 4, 7],
  )
  const isRefused = (text: string) =>
    assert.throws(
      () => parseList(text),
      (error: unknown) => isCairnError(error, 'BAD_CONFIG'),
    )
  isRefused(`version: 2\n---\n/ipfs/${A}\n`)
  isRefused(`name: ${'x'.repeat(2 ** 20)}\n---\n/ipfs/${A}\n`)
})

test('however a list is cut into chunks, the same comes out', () => {
  const text = `\ufeffname: x\r\n---\r\n/ipfs/${A}\r\nbad\n\n/ipfs/${A}/p*\n!/ipfs/${B} reason=y`
  const whole = parseList(text)
  for (const chunkBytes of [1, 2, 3, 7, 64, 100]) {
    const list = parseList(text, chunkBytes)
    assert.is(list.ruleCount, whole.ruleCount)
    assert.equal(list.problems, whole.problems)
    assert.is(list.exceptionCount, 1)
  }
})

test('base32 and base58 read and write what the libraries do', () => {
  const out = new Uint8Array(512)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 70 }), bytes => {
      const text58 = base58btc.encode(bytes).slice(1)
      assert.is(writeBase58(bytes), text58)
      const length58 = readBase58(Buffer.from(text58), 0, text58.length, out)
      assert.equal(Buffer.from(out.subarray(0, length58)), Buffer.from(bytes))
      const text32 = base32.encode(bytes).slice(1)
      const length32 = readBase32(Buffer.from(text32), 0, text32.length, out)
      assert.equal(Buffer.from(out.subarray(0, length32)), Buffer.from(bytes))
    }),
    { numRuns: 500, seed: 5 },
  )
  // Bits that no byte has, a digit that is none.
  assert.is(readBase32(Buffer.from('ab'), 0, 2, out), -1)
  assert.is(readBase32(Buffer.from('a1'), 0, 2, out), -1)
  assert.is(readBase58(Buffer.from('0'), 0, 1, out), -1)
})

test('no bytes make the parser fail in any other way than by saying what is wrong', () => {
  const pieces = fc.constantFrom(
    '/ipfs/',
    '/ipns/',
    '//',
    '!',
    `${A}`,
    '*',
    '/',
    '%',
    '%zz',
    '%2F',
    '---',
    '\n',
    ' ',
    'k=v',
    '\u0000',
    '..',
  )
  const text = fc.array(fc.oneof(pieces, fc.string({ maxLength: 10 })), { maxLength: 40 }).map(parts => parts.join(''))
  let lists = 0
  fc.assert(
    fc.property(text, fc.uint8Array({ maxLength: 60 }), (words, noise) => {
      const list = parseList(Buffer.concat([Buffer.from('---\n'), Buffer.from(words), noise]))
      assert.ok(list.ruleCount >= 0)
      lists++
    }),
    { numRuns: process.env.TEST_FULL === undefined ? 2000 : 100_000, seed: 7 },
  )
  console.log(`\n» denylist parser: ${counts.rules}, ${lists} made-up lists parsed`)
})

test.run()
