import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { renderMarkdown } from '../../gateway/content/views/markdown.ts'

const render = (source: string) => renderMarkdown(source, { headingLevel: 2, host: '' })

const CASES: readonly (readonly [string, string])[] = [
  ['# One\n\n## Two', '<h2 id="md-one">One</h2>\n<h3 id="md-two">Two</h3>'],
  ['# One\n\n#### Four', '<h2 id="md-one">One</h2>\n<h3 id="md-four">Four</h3>'],
  ['One\n===\n\nTwo\n---', '<h2 id="md-one">One</h2>\n<h3 id="md-two">Two</h3>'],
  ['a\nb  \nc', '<p>a\nb<br>\nc</p>'],
  ['**b** *i* _i_ ~~s~~ `c`', '<p><strong>b</strong> <em>i</em> <em>i</em> <s>s</s> <code>c</code></p>'],
  ['snake_case_name 2 * 3 * 4', '<p>snake_case_name 2 * 3 * 4</p>'],
  ['`` a ` b ``', '<p><code>a ` b</code></p>'],
  ['\\*not\\*', '<p>*not*</p>'],
  ['- a\n- b\n  - c', '<ul><li>a</li><li>b\n<ul><li>c</li></ul></li></ul>'],
  ['3. a\n4. b', '<ol start="3"><li>a</li><li>b</li></ol>'],
  ['- [ ] todo\n- [x] done', '<ul><li>☐ todo</li><li>☑ done</li></ul>'],
  ['> a\n> b', '<blockquote><p>a\nb</p></blockquote>'],
  ['---', '<hr>'],
  ['```js\n<b>\n```', '<pre tabindex="0"><code>&lt;b&gt;</code></pre>'],
  ['    code', '<pre tabindex="0"><code>code</code></pre>'],
  ['[a](b.txt)', '<p><a href="b.txt">a</a></p>'],
  ['[a](b.md)', '<p><a href="b.md?cairn=preview">a</a></p>'],
  ['[a](#Some-Where)', '<p><a href="#md-Some-Where">a</a></p>'],
  ['[a][r]\n\n[r]: https://r.test/', '<p><a href="https://r.test/" rel="nofollow noopener noreferrer">a</a></p>'],
  ['ipfs <ipfs://bafy/x>', '<p>ipfs <a href="/ipfs/bafy/x">ipfs://bafy/x</a></p>'],
  [
    'see https://a.test/b.',
    '<p>see <a href="https://a.test/b" rel="nofollow noopener noreferrer">https://a.test/b</a>.</p>',
  ],
  ['![alt](a.png)', '<p><img loading="lazy" decoding="async" src="a.png" alt="alt"></p>'],
  ['![alt](https://e.test/a.png)', '<p><a href="https://e.test/a.png" rel="nofollow noopener noreferrer">alt</a></p>'],
  ['a <!-- hidden --> b', '<p>a  b</p>'],
  ['<p align="center">x</p>', '<p>x</p>'],
]

for (const [source, html] of CASES) {
  test(`Markdown: ${JSON.stringify(source)}`, () => {
    assert.is(render(source), html)
  })
}

test('addresses of other content lead where it is served, or nowhere', () => {
  const at = (host: string | undefined) => renderMarkdown('[a](ipfs://bafy/x)', { headingLevel: 2, host })
  assert.is(at('//gw.test'), '<p><a href="//gw.test/ipfs/bafy/x" rel="nofollow noopener noreferrer">a</a></p>')
  assert.is(at(undefined), '<p>a</p>')
})

test('tables', () => {
  const html = render('| a | b |\n|---|:-:|\n| 1 | 2 \\| 3 |')
  assert.match(html, '<th>a</th><th>b</th>')
  assert.match(html, '<td>1</td><td>2 | 3</td>')
})

test('nothing that runs is passed on', () => {
  for (const source of [
    '<script>alert(1)</script>',
    '<img src="javascript:alert(1)" onerror="alert(1)">',
    '<img src=x onerror=alert(1)>',
    '[a](javascript:alert(1))',
    '[a]( JaVaScRiPt:alert(1))',
    '[a](data:text/html,x)',
    '[a](vbscript:x)',
    '<javascript:alert(1)>',
    '![a](javascript:alert(1))',
    '[a][r]\n\n[r]: javascript:alert(1)',
    '[a](x" onmouseover="alert(1))',
    '`<script>`',
    '# <svg onload=alert(1)>',
    '<a href="javascript:alert(1)">x</a>',
    '<iframe src=x>',
    '```\n</code></pre><script>\n```',
  ]) {
    const html = render(source)
    assert.not.match(html, /<(?:script|svg|iframe)/i, source)
    assert.not.match(html, /(?:href|src)="\s*(?:javascript|data|vbscript)/i, source)
    assert.not.match(html, /<[^>]*\son\w+=/i, source)
  }
})

/** Tags and attributes that the renderer writes itself; anything else in an answer came through it. */
const OWN =
  /<(?:\/?(?:p|h[2-6]|em|strong|s|ul|ol|li|blockquote|table|thead|tbody|tr|th|td|div|pre|code|a)|br|hr)(?: (?:id|href|rel|class|start|tabindex)="[^"<>]*")*>|<img loading="lazy" decoding="async" src="[^"<>]*" alt="[^"<>]*">/g

test('whatever comes in, only known tags come out, closed as they were opened', () => {
  const piece = fc.constantFrom(
    '*',
    '**',
    '_',
    '`',
    '[',
    ']',
    '(',
    ')',
    '<',
    '>',
    '!',
    '#',
    '- ',
    '> ',
    '|',
    '\n',
    '\n\n',
    '    ',
    'a',
    ' ',
    '"',
    "'",
    '&',
    '\\',
    'http://x',
    '<img src="',
    '<b>',
    '1. ',
    '---',
    '```',
    '~~',
    '\u202e',
    '\t',
  )
  let runs = 0
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), pieces => {
      const html = render(pieces.join(''))
      const rest = html.replace(OWN, '')
      assert.not.match(rest, /[<>]/, JSON.stringify(pieces.join('')))
      assert.not.match(html, '\u202e')
      const open: string[] = []
      for (const [, end, name = ''] of html.matchAll(/<(\/?)([a-z0-9]+)/g)) {
        if (/^(?:br|hr|img)$/.test(name)) continue
        if (end === '') open.push(name)
        else assert.is(open.pop(), name, JSON.stringify(pieces.join('')))
      }
      assert.equal(open, [])
      runs++
    }),
    { numRuns: process.env.TEST_FULL === undefined ? 2000 : 100_000, seed: 7 },
  )
  console.log(`» markdown: ${runs} random texts, only known tags, all closed`)
})

test('a text made to cost time costs little: work grows with its length', () => {
  for (const bad of [
    '*',
    '[',
    '> ',
    '- ',
    '`a',
    '<a ',
    '_a ',
    '![[',
    '|',
    '<!--',
    '[a](',
    '**a ',
    '1. a\n   ',
    '(',
    '~~a',
    '&',
    '[a]: b\n',
  ]) {
    const source = bad.repeat(65_536 / bad.length)
    const html = render(source)
    assert.ok(html.length < 40 * source.length, bad)
  }
})

test.run()
