import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { startGateway } from '../gateway/support.ts'
import { attacks } from './smuggling.ts'
import { type Conversation, talk } from './wire.ts'

const FIRST = 'the first file\n'
const SECOND = 'the second file, which was hidden\n'
const PROBE = 'GET /ipfs/bafkqabtimvwgy3yk HTTP/1.1\r\nHost: x\r\n\r\n'

/** As the corpus writes it: statuses, which file came with them, and what became of the connection. */
function told({ answers, rest, isClosed }: Conversation): string {
  const words = answers.map(({ status, body, isWhole }) => {
    const file = body.includes(FIRST) ? '=first' : body.includes(SECOND) ? '=second' : ''
    return `${status}${file}${isWhole ? '' : '(cut)'}`
  })
  const isProbed = answers.at(-1)?.body.toString() === 'hello\n'
  if (isProbed) words.pop()
  if (rest.byteLength > 0) words.push(JSON.stringify(rest.toString('latin1').slice(0, 80)))
  return [...words, isClosed ? 'closed' : isProbed ? 'open' : 'silent'].join(' ')
}

test('every request that could be read in two ways is read in one, or refused', async () => {
  const gateway = await startGateway({ hosts: ['gw.test'] })
  const { port } = gateway.server
  const places = {
    first: `/ipfs/${await gateway.add('first.txt', FIRST)}`,
    second: `/ipfs/${await gateway.add('second.txt', SECOND)}`,
    folder: `/ipfs/${await gateway.addTree({ 'a b': { y: 'y' } })}`,
    host: 'gw.test',
  }
  const all = attacks(places)
  const wrong: string[] = []
  const attack = async ([name, bytes, want]: (typeof all)[number]) => {
    const after = want.endsWith('open') ? want.split(' ').length - 1 : Number.POSITIVE_INFINITY
    const conversation = await talk(port, bytes, { after, more: PROBE })
    const got = told(conversation)
    if (got !== want) wrong.push(`${name}: ${got}, not ${want}`)
    for (const { head } of conversation.answers) if (/^X-Evil/im.test(head)) wrong.push(`${name}: ${head}`)
  }
  await Promise.all(all.map(attack))
  assert.equal(wrong, [])
  assert.is(new Set(all.map(([name]) => name)).size, all.length)
  console.log(`» smuggling: ${all.length - wrong.length}/${all.length} with the one right answer`)
  await gateway.close()
})

test.run()
