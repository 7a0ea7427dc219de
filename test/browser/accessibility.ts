// What can be checked of WCAG 2.2 AA without a library: contrast as painted, names as computed, structure, reflow, focus, sizes.

import type { Page } from 'playwright-core'

/** Runs in the page: text whose colour is too close to what lies under it, and everything the document's structure owes. */
const IN_PAGE = `(() => {
  const found = []
  const all = selector => [...document.querySelectorAll(selector)]
  const name = element => element.tagName.toLowerCase() + (element.id ? '#' + element.id : '') + (typeof element.className === 'string' && element.className ? '.' + element.className : '') + ' "' + element.textContent.trim().slice(0, 30) + '"'
  const isShown = element => element.checkVisibility({ visibilityProperty: true })
  const rgba = text => { const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number); return [r, g, b, a] }
  const under = element => {
    for (let at = element; at; at = at.parentElement) {
      const color = rgba(getComputedStyle(at).backgroundColor)
      if (color[3] === 1) return color
      if (color[3] > 0) found.push('half transparent ground: ' + name(at))
    }
    return [255, 255, 255, 1]
  }
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map(part => part / 255).map(part => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    return 0.2126 * x + 0.7152 * y + 0.0722 * z
  }
  const contrast = (a, b) => { const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05) }
  let texts = 0
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement
    if (!node.data.trim() || element.closest('script,style') || !isShown(element)) continue
    const style = getComputedStyle(element)
    const sizePx = Number.parseFloat(style.fontSize)
    const least = sizePx >= 24 || (sizePx >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5
    const ratio = contrast(rgba(style.color), under(element))
    if (ratio < least) found.push('contrast ' + ratio.toFixed(2) + ': ' + name(element))
    if (sizePx < 12) found.push('text of ' + sizePx + ' px: ' + name(element))
    texts++
  }
  for (const field of all('input')) {
    if (!isShown(field)) continue
    const ratio = contrast(rgba(getComputedStyle(field).borderTopColor), under(field.parentElement))
    if (ratio < 3) found.push('edge of a field ' + ratio.toFixed(2) + ': ' + name(field))
  }
  if (!document.documentElement.lang) found.push('no language')
  if (!document.title.trim()) found.push('no title')
  for (const [selector, count] of [['main', 1], ['h1', 1], ['body > header', 1], ['body > footer', 1]]) {
    if (all(selector).length !== count) found.push(all(selector).length + ' of ' + selector)
  }
  let level = 0
  for (const heading of all('h1,h2,h3,h4,h5,h6')) {
    const next = Number(heading.tagName[1])
    if (next > level + 1) found.push('heading skips from ' + level + ': ' + name(heading))
    if (!heading.textContent.trim()) found.push('empty heading')
    level = next
  }
  const ids = all('[id]').map(element => element.id)
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) found.push('id twice: ' + id)
  for (const attribute of ['aria-labelledby', 'aria-describedby', 'for']) {
    for (const element of all('[' + attribute + ']')) {
      for (const id of element.getAttribute(attribute).split(' ')) if (!document.getElementById(id)) found.push(attribute + ' leads nowhere: ' + id)
    }
  }
  for (const element of all('img:not([alt]), svg:not([aria-hidden]):not([aria-label]):not(.defs), iframe:not([title])')) found.push('no words for ' + name(element))
  for (const element of all('[tabindex]')) if (element.tabIndex > 0) found.push('order of focus forced: ' + name(element))
  for (const list of all('ul,ol')) for (const child of list.children) if (child.tagName !== 'LI') found.push('in a list: ' + name(child))
  const navs = all('nav').map(nav => nav.getAttribute('aria-label'))
  if (navs.some((label, at) => !label || navs.indexOf(label) !== at)) found.push('navigations are not told apart: ' + navs)
  for (const element of all('pre,.scroll')) {
    if (element.scrollWidth > element.clientWidth && element.tabIndex < 0) found.push('scrolls without keys: ' + name(element))
  }
  for (const element of all('button,summary,input,.button,nav:not(.crumbs) a,.list > li > a:not(.ipfs-hash):not(.p)')) {
    if (!isShown(element)) continue
    const { width, height } = element.getBoundingClientRect()
    if (element.tagName !== 'A' && (width < 24 || height < 24)) found.push('small target ' + Math.round(width) + ' × ' + Math.round(height) + ': ' + name(element))
  }
  if (document.documentElement.scrollWidth > innerWidth) found.push('wider than the window by ' + (document.documentElement.scrollWidth - innerWidth) + ' px')
  if (/user-scalable=no|maximum-scale/.test(document.querySelector('meta[name=viewport]').content)) found.push('cannot be enlarged')
  return { found, texts }
})()`

interface Result {
  readonly found: string[]
  readonly texts: number
}

export async function violations(page: Page): Promise<Result> {
  const { found, texts } = await page.evaluate<Result>(IN_PAGE)
  found.push(...(await namelessControls(page)))
  return { found, texts }
}

const CONTROLS = new Set([
  'link',
  'button',
  'textbox',
  'searchbox',
  'image',
  'navigation',
  'DisclosureTriangle',
  'Iframe',
])

/** Names as the browser tells them to a screen reader. */
async function namelessControls(page: Page): Promise<string[]> {
  const session = await page.context().newCDPSession(page)
  const { nodes } = await session.send('Accessibility.getFullAXTree')
  await session.detach()
  return nodes
    .filter(({ ignored, role, name }) => !ignored && CONTROLS.has(role?.value) && !name?.value?.trim())
    .map(({ role }) => `a ${role?.value} without a name`)
}

/** Goes through the page by Tab: how many stops there are, and which of them do not show that they have the focus. */
export async function focusStops(page: Page, most: number): Promise<{ stops: number; unseen: string[] }> {
  const unseen: string[] = []
  let stops = 0
  for (; stops < most; stops++) {
    await page.keyboard.press('Tab')
    const state = await page.evaluate<{ what: string; isSeen: boolean } | null>(`(() => {
      const element = document.activeElement
      if (!element || element === document.body) return null
      const { outlineStyle, outlineWidth } = getComputedStyle(element)
      const { width, height } = element.getBoundingClientRect()
      const isSeen = outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2 && width > 0 && height > 0
      return { what: element.outerHTML.slice(0, 80), isSeen }
    })()`)
    if (state === null) break
    if (!state.isSeen) unseen.push(state.what)
  }
  return { stops, unseen }
}
