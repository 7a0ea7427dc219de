// The frame of every page this gateway makes, and the headers that keep a page from doing anything but being read.

import { html, raw } from 'hono/html'
import type { Headers } from '../stream.ts'
import { CAIRN, ICON } from './stones.ts'
import { STYLE, STYLE_HASH } from './style.ts'

export type Html = ReturnType<typeof html>

export interface PageOptions {
  readonly title: string
  /** Where the mark in the corner leads. */
  readonly home: string
  readonly body: Html
}

export function page({ title, home, body }: PageOptions): Html {
  return html`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${title}</title><meta name="referrer" content="no-referrer"><link rel="icon" href="${raw(ICON)}">
<style>${raw(STYLE)}</style></head>
<body><header class="in"><a class="brand" href="${home}">${CAIRN}Cairn</a></header>
<main class="in">${body}</main>
<footer><div class="in"><span>Each block was verified by its hash when it came in, and is checked whenever it is read.</span></div></footer>
</body></html>
`
}

/** No script, nothing from elsewhere, no frame around it; `formHosts` are where the form's redirect may lead. */
export function pageHeaders(formHosts: readonly string[] = []): Headers {
  const forms = ["'self'", ...formHosts.map(host => `*.ipfs.${host}:*`)].join(' ')
  return {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy': `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; img-src data:; form-action ${forms}; base-uri 'none'; frame-ancestors 'none'`,
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
  }
}
