import { createHash } from 'node:crypto'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { DRAWING, pictureWidth, startBrowser, type TestBrowser, textOf } from './support.ts'

const EVIL = '<script>globalThis.pwned = true</script><img src=x onerror="globalThis.pwned = true">'

const FILES = {
  'b.txt': EVIL,
  'a.svg': DRAWING,
  'README.md': `# Read me first\n\nSee [b](b.txt), [the notes](notes.md) and ![a drawing](a.svg).\n\n${EVIL}\n\n[bad](javascript:globalThis.pwned=true)\n`,
  'notes.md': '# Notes\n\n- one\n- two\n',
  'data.json': '{"answer": 42, "list": [1, {"deep": null}]}',
  'page.html': `<title>page</title>${EVIL}`,
  'paper.pdf': `%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>endobj\ntrailer<</Root 1 0 R>>\n`,
  'blob.bin': new Uint8Array(3000).fill(7),
  ...Object.fromEntries(Array.from({ length: 12 }, (_, at) => [`file-${at}.dat`, 'x'.repeat(at + 1)])),
  sub: { deeper: { 'x.txt': 'x' } },
}

let browser: TestBrowser
let folder: string
test.before(async () => {
  browser = await startBrowser()
  folder = `${browser.origin}/ipfs/${await browser.gateway.addTree({ folder: FILES })}/folder/`
})
test.after(() => browser.close())

const names = 'ul.list > li > a:not(.ipfs-hash):not(.p)'

test('listing: breadcrumbs, the way down and up, sizes, thumbnails and the README', () =>
  browser.visit({}, async ({ page }) => {
    await page.goto(folder)
    assert.match(page.url(), /^http:\/\/bafybei[a-z2-7]+\.ipfs\.localhost:\d+\/folder\/$/)
    assert.is(await textOf(page, 'h1'), 'Index of\nfolder')
    assert.is(await pictureWidth(page, 'img.t'), 64)
    assert.is(await textOf(page, '.readme h3'), 'Read me first')
    assert.is(await pictureWidth(page, '.readme img'), 64)
    await page.click(`${names} >> text=sub`)
    await page.click(`${names} >> text=deeper`)
    assert.match(page.url(), /\/folder\/sub\/deeper\/$/)
    await page.click('.crumbs a >> text=sub')
    assert.match(page.url(), /\/folder\/sub\/$/)
    await page.click(`${names} >> text=..`)
    assert.is(new URL(page.url()).pathname, '/folder/')
  }))

test('listing: order, filter and keys', () =>
  browser.visit({}, async ({ page }) => {
    await page.goto(folder)
    const listed = () => page.locator(names).allInnerTexts()
    assert.equal((await listed()).slice(0, 3), ['..', 'sub', 'a.svg'])
    for (const sort of ['size', '-size']) {
      await page.click('nav[aria-label=Order] >> text=size')
      await page.waitForURL(`**/?sort=${sort}`)
    }
    assert.is((await listed())[1], 'blob.bin')
    assert.is(await textOf(page, '[aria-current]'), 'size ↑')
    await page.fill('#filter', 'FILE-1')
    assert.is(await page.locator(`${names} >> visible=true`).count(), 3)
    await page.fill('#filter', 'nothing has this')
    assert.ok(await page.locator('#none').isVisible())
    await page.keyboard.press('Escape')
    await page.keyboard.press('ArrowDown')
    const focused = () => page.evaluate('document.activeElement.textContent')
    assert.is(await focused(), '..')
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowUp']) await page.keyboard.press(key)
    assert.is(await focused(), 'blob.bin')
    await page.keyboard.press('End')
    assert.is(await focused(), 'file-0.dat')
    await page.keyboard.press('Home')
    await page.keyboard.press('Enter')
    await page.waitForURL(url => url.pathname === '/')
  }))

test('the copy button copies', () =>
  browser.visit({ permissions: ['clipboard-read', 'clipboard-write'] }, async ({ page }) => {
    await page.goto(folder)
    const cid = await textOf(page, '.cid > span')
    const copied = () => page.evaluate('navigator.clipboard.readText()')
    await page.click('button >> text=Copy CID')
    await page.locator('button >> text=Copied').waitFor()
    assert.is(await copied(), cid)
    await page.click('button >> text=Copy link')
    await page.locator('button >> text=Copied').nth(1).waitFor()
    assert.is(await copied(), page.url())
  }))

test('without scripts everything is there but what needs them', () =>
  browser.visit({ javaScriptEnabled: false }, async ({ page }) => {
    await page.goto(folder)
    for (const hidden of ['button', '#filter']) assert.not(await page.locator(hidden).first().isVisible(), hidden)
    await page.click('nav[aria-label=Order] >> text=type')
    await page.click('li:has-text("data.json") >> text=Preview')
    assert.match(await textOf(page, '.value'), 'answer: 42')
    await page.click('text=Inspect')
    await page.click('summary')
    assert.ok(
      await page.locator('text=A single changed bit').or(page.locator('text=a single changed bit')).first().isVisible(),
    )
  }))

test('previews show what a file is, and run nothing of it', () =>
  browser.visit({}, async ({ page }) => {
    const preview = async (name: string) => {
      const response = await page.goto(`${folder}${name}?cairn=preview`)
      assert.is(response?.status(), 200, name)
    }
    await preview('b.txt')
    assert.is(await textOf(page, 'pre'), EVIL)
    await preview('page.html')
    assert.match(await textOf(page, 'pre'), '<title>page</title>')
    await preview('README.md')
    assert.is(await textOf(page, '.md h2'), 'Read me first')
    assert.is(await page.locator('.md a').count(), 2, 'the bad one is text')
    assert.is(await page.evaluate("'pwned' in globalThis"), false)
    await page.click('.md a >> text=the notes')
    assert.equal(await page.locator('.md li').allInnerTexts(), ['one', 'two'])
    await preview('data.json')
    assert.match((await textOf(page, '.value')).replace(/\s+/g, ' '), 'answer: 42 list: 0: 1 1: deep: null')
    await preview('a.svg')
    assert.is(await pictureWidth(page, '.stage img'), 64)
    await preview('blob.bin')
    assert.match(await textOf(page, 'pre.hex'), /^0000 {2}07 07/)
    const document = page.waitForResponse(response => response.url().endsWith('/paper.pdf'))
    await preview('paper.pdf')
    assert.is((await document).headers()['content-type'], 'application/pdf')
  }))

test('blocks: from a folder to a leaf, each with its address taken apart', () =>
  browser.visit({}, async ({ page }) => {
    await page.goto(folder)
    await page.click('text=Inspect')
    assert.is(await textOf(page, 'h1 small'), 'Block')
    assert.is(await page.locator('.links li').count(), Object.keys(FILES).length)
    await page.click('.links li:has-text("b.txt") a')
    assert.match(await textOf(page, '.hex'), '<script>globalTh'.slice(0, 16))
    const [, , , digest] = await page.locator('dd code').allInnerTexts()
    assert.is(digest, createHash('sha256').update(EVIL).digest('hex'))
  }))

test('a page of ours may connect to nothing and run nothing that came with content', () =>
  browser.visit({}, async ({ page, complaints }) => {
    await page.goto(`${folder}?cairn=dag`)
    const fetched = await page.evaluate<string>("fetch('/').then(() => 'fetched', () => 'refused')")
    assert.is(fetched, 'refused')
    await page.evaluate(
      `document.body.append(Object.assign(document.createElement('script'), { textContent: 'globalThis.pwned = 1' }))`,
    )
    assert.is(await page.evaluate("'pwned' in globalThis"), false)
    assert.ok(
      complaints.some(text => /connect/i.test(text) && text.includes('Content Security Policy')),
      complaints.join(),
    )
    assert.ok(
      complaints.some(text => text.includes('script-src')),
      complaints.join(),
    )
    complaints.length = 0
  }))

test('errors say what was tried, and their button leads on', () =>
  browser.visit({}, async ({ page, complaints }) => {
    const response = await page.goto(`${folder}nothing-here`)
    assert.is(response?.status(), 404)
    assert.is(await textOf(page, 'h1'), 'Error 404\nNothing has that name here')
    await page.click('text=Open the folder above')
    assert.is(new URL(page.url()).pathname, '/folder/')
    assert.is(complaints.length, 1)
    complaints.length = 0
  }))

for (const [kind, maxDirectoryLinks] of [
  ['plain', 20_000],
  ['sharded', 100],
] as const) {
  test(`a ${kind} folder of 10,000 entries comes in pages, each entry once`, () =>
    browser.visit({}, async ({ page }) => {
      const files = Array.from({ length: 10_000 }, (_, at) => [`f${String(at).padStart(5, '0')}.txt`, ''])
      const cid = await browser.gateway.addTree(Object.fromEntries(files), { maxDirectoryLinks })
      const listed = () => page.evaluate<string[]>(`[...document.querySelectorAll('${names}')].map(a => a.textContent)`)
      const started = performance.now()
      await page.goto(`${browser.origin}/ipfs/${cid}/`)
      const firstMs = Math.round(performance.now() - started)
      const seen = new Set<string>()
      for (let number = 1; number <= 10; number++) {
        const entries = await listed()
        assert.is(entries.length, 1000)
        for (const name of entries) seen.add(name)
        assert.is(await page.locator('a[rel=next]').count(), number < 10 ? 1 : 0)
        if (number === 10) break
        await page.click('a[rel=next]')
        await page.waitForURL(`**/?page=${number + 1}`)
      }
      assert.is(seen.size, 10_000)
      await page.click('a[rel=prev]')
      await page.waitForURL('**/?page=9')
      assert.match(await textOf(page, '.facts'), 'Page 9')
      console.log(`» browser: first of ten pages of a ${kind} folder shown after ${firstMs} ms`)
    }))
}

test.run()
