import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { startBrowser, type TestBrowser } from './support.ts'

let browser: TestBrowser
test.before(async () => {
  browser = await startBrowser()
})
test.after(() => browser.close())

const siteOf = async (title: string, more: Record<string, string> = {}): Promise<string> => {
  const cid = await browser.gateway.addTree({
    'index.html': `<!doctype html><title>${title}</title><h1>${title}</h1>`,
    ...more,
  })
  return `${browser.origin}/ipfs/${cid}/`
}

test('two roots are two origins: neither sees what the other stored, nor its cookies, caches, databases and workers', () =>
  browser.visit({}, async ({ page }) => {
    const [one, other] = [await siteOf('one', { 'worker.js': 'self.onfetch = () => {}' }), await siteOf('other')]
    await page.goto(one)
    const origin = await page.evaluate<string>('location.origin')
    assert.match(origin, /^http:\/\/baf[a-z2-7]+\.ipfs\.localhost:\d+$/)
    await page.evaluate(`(async () => {
      localStorage.setItem('secret', 'one')
      sessionStorage.setItem('secret', 'one')
      document.cookie = 'secret=one; path=/'
      await caches.open('secret')
      await new Promise(resolve => { indexedDB.open('secret').onsuccess = resolve })
      await navigator.serviceWorker.register('/worker.js')
    })()`)
    const stored = `(async () => ({
      local: localStorage.length,
      session: sessionStorage.length,
      cookie: document.cookie,
      caches: (await caches.keys()).length,
      databases: (await indexedDB.databases()).length,
      workers: (await navigator.serviceWorker.getRegistrations()).length,
    }))()`
    assert.equal(await page.evaluate(stored), {
      local: 1,
      session: 1,
      cookie: 'secret=one',
      caches: 1,
      databases: 1,
      workers: 1,
    })
    await page.goto(other)
    assert.is.not(await page.evaluate<string>('location.origin'), origin)
    assert.equal(await page.evaluate(stored), { local: 0, session: 0, cookie: '', caches: 0, databases: 0, workers: 0 })
    await page.goto(one)
    assert.is(await page.evaluate('localStorage.getItem("secret")'), 'one')
  }))

test('one root cannot frame and read another', () =>
  browser.visit({}, async ({ page }) => {
    const [one, other] = [await siteOf('framed'), await siteOf('framing')]
    await page.goto(one)
    const framed = page.url()
    await page.goto(other)
    const seen = await page.evaluate<string>(`(async () => {
      const frame = Object.assign(document.createElement('iframe'), { src: ${JSON.stringify(framed)} })
      const loaded = new Promise(resolve => { frame.onload = resolve })
      document.body.append(frame)
      await loaded
      try { return frame.contentWindow.document.title } catch (error) { return error.name }
    })()`)
    assert.is(seen, 'SecurityError')
  }))

test('our own pages cannot be framed', () =>
  browser.visit({}, async ({ page, complaints }) => {
    const listed = `${browser.origin}/ipfs/${await browser.gateway.addTree({ 'a.txt': 'a' })}/`
    await page.goto(listed)
    const framed = page.url()
    await page.goto(await siteOf('framing'))
    await page.evaluate(`(async () => {
      const frame = Object.assign(document.createElement('iframe'), { src: ${JSON.stringify(framed)} })
      const loaded = new Promise(resolve => { frame.onload = resolve })
      document.body.append(frame)
      await loaded
    })()`)
    assert.ok(
      complaints.some(text => text.includes('frame-ancestors')),
      complaints.join(),
    )
    complaints.length = 0
  }))

test('an app of one page: every deep link answers with it, its own files and redirects still work', () =>
  browser.visit({}, async ({ page }) => {
    const cid = await browser.gateway.addTree({
      _redirects: '/old/:name /new/:name 301\n/* /index.html 200\n',
      'index.html': '<!doctype html><title>app</title><p id="view"></p><script src="/app.js"></script>',
      'app.js': `
        const show = () => { document.querySelector('#view').textContent = 'view of ' + location.pathname + location.search }
        addEventListener('popstate', show)
        globalThis.go = path => { history.pushState(null, '', path); show() }
        show()`,
    })
    await page.goto(`${browser.origin}/ipfs/${cid}/`)
    const view = () => page.evaluate('document.querySelector("#view").textContent')
    assert.is(await view(), 'view of /')
    await page.evaluate(`go('/deep/route?page=about&cairn=0')`)
    assert.is(await view(), 'view of /deep/route?page=about&cairn=0')
    const reloaded = await page.reload()
    assert.is(reloaded?.status(), 200)
    assert.is(await view(), 'view of /deep/route?page=about&cairn=0')
    await page.goBack()
    assert.is(await view(), 'view of /')
    await page.goto(new URL('/old/thing', page.url()).href)
    assert.is(new URL(page.url()).pathname, '/new/thing')
    assert.is(await view(), 'view of /new/thing')
    // A parameter that listings have means nothing to a site of its own.
    assert.is((await page.goto(new URL('/?page=none', page.url()).href))?.status(), 200)
  }))

test.run()
