import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { startBrowser, type TestBrowser } from './support.ts'

let browser: TestBrowser
test.before(async () => {
  browser = await startBrowser()
})
test.after(() => browser.close())

/** Where all content shares one origin. */
const pathOrigin = () => `http://127.0.0.1:${browser.gateway.server.port}`

const TRY = `
  const tried = {}
  for (const [name, act] of Object.entries({
    storage: () => localStorage.setItem('x', '1'),
    cookie: () => { document.cookie = 'x=1' },
    worker: () => navigator.serviceWorker.register('/ipfs/x/worker.js'),
    database: () => indexedDB.open('x'),
  })) {
    try { const got = act(); tried[name] = got === undefined ? 'done' : 'begun' } catch (error) { tried[name] = error.name }
  }
  document.title = JSON.stringify(tried)
  fetch('data.json').then(answer => answer.json()).then(({ it }) => { document.body.dataset.fetched = it })`

test('a page under /ipfs/ runs, loads what is its own, and is nobody: no storage, no cookies, no workers', () =>
  browser.visit({}, async ({ page, complaints }) => {
    const cid = await browser.gateway.addTree({
      'index.html': `<!doctype html><link rel="stylesheet" href="s.css"><link rel="icon" href="data:,"><body>page<script src="try.js"></script><script type="module" src="m.js"></script>`,
      'try.js': TRY,
      'm.js': 'document.body.dataset.module = "ran"',
      's.css': 'body { color: rgb(1, 2, 3) }',
      'data.json': '{"it":"here"}',
    })
    await page.goto(`${pathOrigin()}/ipfs/${cid}/`)
    await page.waitForSelector('body[data-fetched="here"][data-module="ran"]')
    assert.is(await page.evaluate('self.origin'), 'null', 'an origin that is like no other')
    const tried = JSON.parse(await page.title()) as Record<string, string>
    assert.is(tried.storage, 'SecurityError')
    assert.is(tried.cookie, 'SecurityError')
    assert.is(tried.database, 'SecurityError')
    assert.ok(['TypeError', 'SecurityError'].includes(tried.worker ?? ''), tried.worker)
    assert.is(await page.evaluate('getComputedStyle(document.body).color'), 'rgb(1, 2, 3)')
    complaints.length = 0
  }))

test('nor can it read what another page under /ipfs/ may: not even its listing with the cookies of this browser', () =>
  browser.visit({}, async ({ page, context, complaints }) => {
    await context.addCookies([{ name: 'secret', value: '1', url: pathOrigin() }])
    const other = await browser.gateway.addTree({ 'a.html': '<!doctype html>secret' })
    const cid = await browser.gateway.addTree({
      'index.html': `<!doctype html><link rel="icon" href="data:,"><body><script>
        fetch('/ipfs/${other}/a.html', { credentials: 'include' }).then(() => 'read', () => 'refused').then(got => { document.title = got })
      </script>`,
    })
    await page.goto(`${pathOrigin()}/ipfs/${cid}/`)
    await page.waitForFunction('document.title !== ""')
    assert.is(await page.title(), 'refused')
    complaints.length = 0
  }))

test.run()
