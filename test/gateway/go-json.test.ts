import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { goJson } from '../../gateway/rpc/go-json.ts'
import { sendReply } from '../../gateway/rpc/respond.ts'
import { WAIT } from '../store/support.ts'

const MOST = 2n ** 64n - 1n

test('whole numbers of 64 bits are written exactly, beside everything else that Go escapes', () => {
  assert.is(goJson({ a: MOST, b: [-(2n ** 63n), 0n], c: 1.5 }), `{"a":${MOST},"b":[-9223372036854775808,0],"c":1.5}`)
  assert.is(goJson({ '<': MOST, text: '&\ud800' }), `{"\\u003c":${MOST},"text":"\\u0026\ufffd"}`)
})

test('a document and a stream that hold such numbers come whole', async () => {
  const replies = [
    { kind: 'value', value: { size: MOST } },
    {
      kind: 'values',
      values: (async function* () {
        yield { size: 1 }
        yield { size: MOST }
      })(),
    },
  ] as const
  let next = 0
  const server = createServer((incoming: IncomingMessage, outgoing: ServerResponse) => {
    const reply = replies[next++]
    if (reply !== undefined) void sendReply({ incoming, outgoing, cors: {} }, reply, WAIT.signal)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  try {
    assert.is(await (await fetch(url)).text(), `{"size":${MOST}}\n`)
    assert.is(await (await fetch(url)).text(), `{"size":1}\n{"size":${MOST}}\n`)
  } finally {
    server.closeAllConnections()
    server.close()
  }
})

test.run()
