import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

test('a stopped network holds nothing open: the process ends by itself', async () => {
  const script = join(import.meta.dirname, 'start-and-stop.ts')
  const { promise, resolve } = Promise.withResolvers<{ code: unknown; stdout: string; stderr: string }>()
  execFile(process.execPath, [script], { timeout: 30_000 }, (error, stdout, stderr) => {
    resolve({ code: error === null ? 0 : (error.code ?? error.signal), stdout, stderr })
  })
  assert.equal(await promise, { code: 0, stdout: 'stopped\n', stderr: '' })
})

test.run()
