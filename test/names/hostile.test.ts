import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { LIMITS } from '../../src/limits.ts'
import { failureOf, openNames, soon } from './support.ts'

interface IpnsCase {
  readonly name: string
  readonly file: string
  readonly key: string
  readonly kind: string
  readonly outcome: 'accept' | 'refuse' | 'either' | 'bounded'
  readonly maxMs: number
}

const HOSTILE = join(import.meta.dirname, '../fixtures/hostile')
const manifest = JSON.parse(readFileSync(join(HOSTILE, 'manifest.json'), 'utf8')) as readonly IpnsCase[]
const cases = manifest.filter(({ kind }) => kind === 'ipns')
const bytesOf = ({ file }: IpnsCase): Uint8Array => readFileSync(join(HOSTILE, file))

/** The words of a refusal, or undefined if it was done. */
async function refusal(work: Promise<unknown>, code: RegExp): Promise<string | undefined> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason as Error & { code: string },
  )
  if (error !== undefined) assert.match(error.code, code, error.message)
  return error?.message
}

test(`${cases.length} IPNS records, hostile and sound, as the corpus wants them`, async () => {
  const counts = { taken: 0, refused: 0, followed: 0 }
  await using node = await openNames()
  for (const hostile of cases) {
    await node.forget()
    const bytes = bytesOf(hostile)
    const said = await refusal(node.names.put(hostile.key, bytes, soon()), /^BAD_RECORD$/)
    if (hostile.outcome === 'accept') assert.is(said, undefined, hostile.name)
    if (hostile.outcome === 'refuse') assert.ok(said !== undefined, `${hostile.name} was taken`)
    const names = node.again()
    if (said !== undefined) {
      counts.refused++
      assert.match(said, /^the IPNS record is not valid: /)
      // Never cached, never served.
      assert.is((await failureOf(names.record(hostile.key, soon()))).code, 'NAME_NOT_FOUND', hostile.name)
      continue
    }
    counts.taken++
    const record = await names.record(hostile.key, soon())
    assert.equal(Buffer.from(record.bytes), Buffer.from(bytes), hostile.name)
    assert.ok(Number.isInteger(record.ttlSecs) && record.ttlSecs >= 0, hostile.name)
    assert.ok(record.ttlSecs <= LIMITS.nameMaxAgeSecs.value, hostile.name)
    const began = performance.now()
    const lost = await refusal(names.resolve(hostile.key, soon()), /^(BAD_RECORD|NAME_LOOP)$/)
    assert.ok(performance.now() - began < hostile.maxMs * 10, hostile.name)
    if (hostile.outcome === 'accept') assert.is(lost, undefined, hostile.name)
    if (hostile.outcome === 'bounded') assert.match(lost ?? '', /recursion limit/, hostile.name)
    if (lost === undefined) counts.followed++
  }
  assert.is(cases.length, 51)
  console.log(
    `» ipns: ${cases.length} cases, ${counts.refused} refused, ${counts.taken} kept as they are, ${counts.followed} of them followed to content`,
  )
})

test('after all that was refused, the control is taken and followed', async () => {
  const [control] = cases
  assert.is(control?.name, 'ipns/control')
  if (control === undefined) return
  await using fresh = await openNames()
  for (const hostile of cases.filter(({ outcome }) => outcome === 'refuse'))
    await failureOf(fresh.names.put(hostile.key, bytesOf(hostile), soon()))
  await fresh.names.put(control.key, bytesOf(control), soon())
  const { path, ttlSecs } = await fresh.names.resolve(control.key, soon())
  assert.is(ttlSecs, 300)
  assert.equal(path.segments, [])
})

test.run()
