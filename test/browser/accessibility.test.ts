import { encode } from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { DAG_CBOR } from '../../src/block/cid.ts'
import { sha256 } from '../../src/block/hash.ts'
import { focusStops, violations } from './accessibility.ts'
import { axeViolations } from './axe.ts'
import { DRAWING, startBrowser, type TestBrowser } from './support.ts'

const README = `Read me
=======

## Second

#### Skips a level

| a | b |
|---|---|
| ${'long '.repeat(40)} | \`code\` |

\`\`\`
${'a long line of code '.repeat(12)}
\`\`\`

> quoted, with a [link](x.txt)

![a drawing](a.svg)
`

let browser: TestBrowser
let paths: Record<string, string>
test.before(async () => {
  browser = await startBrowser()
  const { gateway } = browser
  const files = {
    ...Object.fromEntries(Array.from({ length: 1100 }, (_, at) => [`f${at}`, ''])),
  }
  const folder = await gateway.addTree({
    'a folder with a rather long name that has to be broken somewhere': { 'x.txt': 'x' },
    'a.svg': DRAWING,
    'averyveryverylongnamewithoutanyplacetobreakitwhichhappensmoreoftenthanonewouldthink.tar.gz': 'x',
    'film.webm': 'x',
    'song.mp3': 'x',
    'README.md': README,
    'data.json': JSON.stringify({ list: [1, { deep: 'x'.repeat(300) }], text: 'y' }),
    ...Object.fromEntries(Array.from({ length: 8 }, (_, at) => [`file-${at}.bin`, 'x'])),
  })
  const bytes = encode({ name: 'x', link: folder, bytes: new Uint8Array(200), list: [1, 2] })
  const document = CID.createV1(DAG_CBOR, sha256(bytes))
  gateway.memory.putVerified(document, bytes)
  const base = `${gateway.url}/ipfs/${folder}/`
  paths = {
    'front page': `${gateway.url}/`,
    'front page, refused': `${gateway.url}/?uri=nonsense`,
    listing: base,
    'listing in pages': `${gateway.url}/ipfs/${await gateway.addTree(files, { maxDirectoryLinks: 5000 })}/?page=2`,
    'empty folder': `${gateway.url}/ipfs/${await gateway.addTree({})}/`,
    'preview of Markdown': `${base}README.md?cairn=preview`,
    'preview of JSON': `${base}data.json?cairn=preview`,
    'preview of a picture': `${base}a.svg?cairn=preview`,
    'preview of a film': `${base}film.webm?cairn=preview`,
    'preview of bytes': `${base}file-0.bin?cairn=preview`,
    block: `${base}?cairn=dag`,
    document: `${gateway.url}/ipfs/${document}/`,
    share: `${base}?cairn=share`,
    error: `${base}missing`,
    'error of an address': `${gateway.url}/ipfs/nonsense`,
  }
})
test.after(() => browser.close())

const WINDOWS = { phone: { width: 320, height: 640 }, desktop: { width: 1280, height: 800 } }

for (const [kind, viewport] of Object.entries(WINDOWS)) {
  for (const colorScheme of ['light', 'dark'] as const) {
    test(`every page on a ${kind}, ${colorScheme}: contrast, names, structure, targets, reflow`, () =>
      browser.visit({ viewport, colorScheme }, async ({ page, complaints }) => {
        const found: string[] = []
        let [texts, rulesMet] = [0, 0]
        for (const [name, path] of Object.entries(paths)) {
          await page.goto(path)
          const result = await violations(page)
          const axe = await axeViolations(page)
          texts += result.texts
          rulesMet += axe.rulesMet
          found.push(...[...result.found, ...axe.found].map(text => `${name}: ${text}`))
        }
        assert.equal(found, [])
        console.log(
          `» browser: ${Object.keys(paths).length} pages, ${kind} ${colorScheme}: ${texts} texts, axe-core: ${rulesMet} rules met, 0 violations`,
        )
        // Error pages are told about in the console; an empty film cannot be played.
        const unexpected = complaints.filter(text => !/status of 40[04]/.test(text))
        assert.equal(unexpected, [])
        complaints.length = 0
      }))
  }
}

test('by keys alone: every stop shows that it has the focus, and the first leads past the head', () =>
  browser.visit({}, async ({ page, complaints }) => {
    for (const [name, path] of Object.entries(paths)) {
      await page.goto(path)
      const { stops, unseen } = await focusStops(page, 60)
      assert.equal(unseen, [], name)
      assert.ok(stops >= 2, name)
    }
    await page.goto(paths.listing ?? '')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    assert.match(page.url(), /#content$/)
    complaints.length = 0
  }))

test('the checks see what is wrong: each fault put into a page is found', () =>
  browser.visit({}, async ({ page }) => {
    const faults: readonly (readonly [string, string])[] = [
      [`document.querySelector('h1').outerHTML = '<h4>x</h4>'`, 'heading skips'],
      [`document.querySelector('.facts').style.color = '#c8c8c8'`, 'contrast'],
      [`document.body.insertAdjacentHTML('beforeend', '<img src="data:,">')`, 'no words'],
      [`document.querySelector('.list a').textContent = ''`, 'a link without a name'],
      [`document.documentElement.lang = ''`, 'no language'],
      [
        `document.querySelector('button').style.cssText = 'display:block;height:9px;overflow:hidden;padding:0'`,
        'small target',
      ],
      [`document.querySelector('h1').style.cssText = 'width:3000px'`, 'wider than'],
      [`document.querySelector('main').outerHTML = document.querySelector('main').innerHTML`, 'axe region'],
      [`document.querySelector('.list a').setAttribute('aria-hidden', 'maybe')`, 'axe aria-valid-attr-value'],
      [`document.querySelector('.list').append(document.createElement('div'))`, 'in a list'],
      [`document.querySelector('.list').insertAdjacentHTML('beforeend', '<li id="content">x</li>')`, 'id twice'],
    ]
    for (const [fault, word] of faults) {
      await page.goto(paths.listing ?? '')
      await page.evaluate(fault)
      const found = [...(await violations(page)).found, ...(await axeViolations(page)).found]
      assert.ok(
        found.some(text => text.includes(word)),
        `${fault}: ${found.join('; ')}`,
      )
    }
  }))

test.run()
