import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openNames, soon } from './support.ts'

const { CAIRN_FIXTURES: fixtures } = process.env
const isHere = fixtures !== undefined && fixtures !== ''
if (!isHere) console.error('NOT RUN: records of the official fixtures, $CAIRN_FIXTURES names no folder')

/** By the key in the file's name; the suite names these as records that must not resolve. */
const INVALID: ReadonlySet<string> = new Set([
  'k51qzi5uqu5dm4tm0wt8srkg9h9suud4wuiwjimndrkydqm81cqtlb5ak6p7ku',
  'k51qzi5uqu5dlmit2tuwdvnx4sbnyqgmvbxftl0eo3f33wwtb9gr7yozae9kpw',
  'k51qzi5uqu5diamp7qnnvs1p1gzmku3eijkeijs3418j23j077zrkok63xdm8c',
])

const register = isHere ? test : test.skip

register('records of the official fixtures are valid, but for the three that are not', async () => {
  await using node = await openNames()
  const files = readdirSync(fixtures ?? '', { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.ipns-record'))
    .map(file => ({ file, key: basename(file).replace(/[_.].*/, '') }))
  let refused = 0
  for (const { file, key } of files) {
    const bytes = readFileSync(join(fixtures ?? '', file))
    if (INVALID.has(key)) {
      await node.names.put(key, bytes, soon()).then(
        () => assert.unreachable(file),
        error => assert.is(error.code, 'BAD_RECORD', file),
      )
      refused++
      continue
    }
    await node.names.put(key, bytes, soon())
    const again = await node.again().record(key, soon())
    assert.equal(Buffer.from(again.bytes), bytes, file)
    assert.ok(((await node.names.resolve(key, soon())).ttlSecs ?? 0) > 0, file)
  }
  assert.is(refused, INVALID.size)
  console.log(`» ipns fixtures: ${files.length} records, ${refused} refused as they should be`)
})

test.run()
