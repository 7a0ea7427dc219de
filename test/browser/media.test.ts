import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { startBrowser, type TestBrowser, tone } from './support.ts'

const SECONDS = 600

let browser: TestBrowser
let folder: string
const sound = tone(SECONDS)

test.before(async () => {
  browser = await startBrowser()
  folder = `${browser.origin}/ipfs/${await browser.gateway.addTree({ 'tone.wav': sound })}/`
})
test.after(() => browser.close())

/** The player of the page, told what to do; the answer is its state afterwards. */
const player = (action: string) => `(async () => {
  const player = document.querySelector('audio')
  const event = name => new Promise((resolve, reject) => {
    player.addEventListener(name, resolve, { once: true })
    player.addEventListener('error', () => reject(new Error(player.error.message)), { once: true })
  })
  ${action}
  return { time: player.currentTime, duration: player.duration, preload: player.preload, state: player.networkState }
})()`

interface State {
  readonly time: number
  readonly duration: number
  readonly preload: string
  readonly state: number
}

test('sound plays in place in the listing, loads nothing before that, and seeks by ranges', () =>
  browser.visit({}, async ({ page }) => {
    const ranges: string[] = []
    let sentBytes = 0
    page.on('response', response => {
      if (!response.url().endsWith('.wav')) return
      ranges.push(`${response.status()} ${response.headers()['content-range'] ?? ''}`)
    })
    page.on('requestfinished', async request => {
      if (request.url().endsWith('.wav'))
        sentBytes += (await request.sizes().catch(() => undefined))?.responseBodySize ?? 0
    })
    await page.goto(folder)
    assert.equal(ranges, [], 'nothing is loaded before it is played')
    await page.click('summary')
    const before = await page.evaluate<State>(player(''))
    assert.is(before.preload, 'none')
    assert.equal(ranges, [])
    const started = await page.evaluate<State>(player(`const playing = event('playing'); player.play(); await playing`))
    assert.ok(Math.abs(started.duration - SECONDS) < 1, `${started.duration}`)
    const sought = await page.evaluate<State>(
      player(
        `const sought = event('seeked'); player.currentTime = ${SECONDS - 30}; await sought; if (player.paused) await player.play()`,
      ),
    )
    assert.ok(sought.time >= SECONDS - 30, `${sought.time}`)
    const starts = ranges.map(range => Number(/^206 bytes (\d+)-/.exec(range)?.[1] ?? Number.NaN))
    assert.not(starts.some(Number.isNaN), ranges.join('; '))
    assert.ok(
      starts.some(start => start > sound.length * 0.9),
      `the end was asked for by itself: ${ranges.join('; ')}`,
    )
    const ended = await page.evaluate<State>(player(`player.currentTime = ${SECONDS - 1}; await event('ended')`))
    assert.ok(ended.time >= SECONDS - 1)
    assert.ok(sentBytes < sound.length, `${sentBytes} of ${sound.length} bytes`)
    console.log(`» browser: seeking in ${sound.length} bytes of sound asked for ${ranges.length} ranges`)
  }))

test('the preview of a film that the browser made itself shows its pictures', () =>
  browser.visit({}, async ({ page }) => {
    await page.goto('about:blank')
    const recorded = await page.evaluate<string>(`(async () => {
      const canvas = Object.assign(document.createElement('canvas'), { width: 64, height: 48 })
      const context = canvas.getContext('2d')
      const recorder = new MediaRecorder(canvas.captureStream(20), { mimeType: 'video/webm;codecs=vp8' })
      const chunks = []
      recorder.ondataavailable = event => chunks.push(event.data)
      recorder.start()
      for (let frame = 0; frame < 12; frame++) {
        context.fillStyle = frame % 2 ? 'red' : 'blue'
        context.fillRect(0, 0, 64, 48)
        await new Promise(requestAnimationFrame)
        await new Promise(requestAnimationFrame)
      }
      await new Promise(resolve => { recorder.onstop = resolve; recorder.stop() })
      const bytes = new Uint8Array(await new Blob(chunks).arrayBuffer())
      return btoa(String.fromCharCode(...bytes))
    })()`)
    const cid = await browser.gateway.addTree({ 'film.webm': Buffer.from(recorded, 'base64') })
    await page.goto(`${browser.origin}/ipfs/${cid}/film.webm?cairn=preview`)
    const width = await page.evaluate<number>(`(async () => {
      const film = document.querySelector('video')
      film.muted = true
      await film.play()
      return film.videoWidth
    })()`)
    assert.is(width, 64)
  }))

test.run()
