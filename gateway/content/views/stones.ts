// The mark: a cairn, three stones that keep each other in place; and the same stones fallen, for errors.

import { html, raw } from 'hono/html'

const BOTTOM = 'M2.7 26.6c-.5-3.4 5-5.6 12.4-5.8 7.9-.2 13.7 1.6 14 4.9.3 3.2-5.5 4.5-13.3 4.6-7.4.1-12.6-.6-13.1-3.7z'
const MIDDLE = 'M6.4 16.9c-.2-2.7 3.7-4.6 9-4.7 5.6-.1 9.7 1.7 9.8 4.3.1 2.5-4 3.8-9.5 3.8-5.3.1-9.1-.9-9.3-3.4z'
const TOP = 'M11.6 8.4c.1-2.6 2.6-4.7 5.9-4.6 3.2.1 5.4 1.9 5.3 4.1-.1 2.4-2.6 3.8-5.8 3.8-3.3 0-5.5-1-5.4-3.3z'

const stones = (top: string, middle: string) =>
  `<path class="s1" d="${BOTTOM}"/><path class="s2" d="${MIDDLE}"${middle}/><path class="s3" d="${TOP}"${top}/>`

/** Decoration beside words that say the same. */
export const CAIRN = html`<svg viewBox="0 0 32 32" aria-hidden="true" focusable="false">${raw(stones('', ''))}</svg>`

export const FALLEN = html`<svg viewBox="0 0 46 32" aria-hidden="true" focusable="false">${raw(
  stones(' transform="rotate(24 38 26) translate(20.6 18.4)"', ' transform="rotate(-4 16 17) translate(-.6 .3)"'),
)}</svg>`

export const ICON = `data:image/svg+xml,${encodeURIComponent(
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path fill="#8b857a" d="${BOTTOM}"/><path fill="#a69f93" d="${MIDDLE}"/><path fill="#2a6953" d="${TOP}"/></svg>`,
)}`
