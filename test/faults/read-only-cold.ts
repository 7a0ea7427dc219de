// What read-only.test.ts does as somebody who may not write. Arguments: folder of the repository, what was stored under which CID, what is expected.

import * as assert from 'uvu/assert'
import { cairn, cairnOk } from '../support/cairn.ts'

const [repo = '', small = '', text = ''] = process.argv.slice(2)
assert.is(await cairnOk(['cat', small], { repo }), text)
assert.match(await cairnOk(['pin', 'ls'], { repo }), small)
for (const args of [['add', '-Q'], ['pin', 'rm', small], ['gc']]) {
  const { code, stdout, stderr } = await cairn(args, { repo, input: 'more' })
  assert.is(code, 8, `${args.join(' ')}: ${stdout}${stderr}`)
  assert.not.match(stderr, /^\s+at .*[:)]/m)
}
console.log('all is well')
