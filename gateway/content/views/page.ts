// The frame of every page this gateway makes, and the headers that keep a page from doing anything but being read.

import { html, raw } from 'hono/html'
import type { Headers } from '../stream.ts'
import { SCRIPT_HASH, scriptTag } from './script.ts'
import { CAIRN, ICON } from './stones.ts'
import { STYLE, STYLE_HASH } from './style.ts'

export type Html = ReturnType<typeof html>

export interface PageOptions {
  readonly title: string
  /** Where the mark in the corner leads. */
  readonly home: string
  readonly body: Html
  /** Copy buttons and keys for lists; its headers must allow it. */
  readonly hasScript?: boolean
}

export function page({ title, home, body, hasScript = false }: PageOptions): Html {
  return html`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${title}</title><meta name="referrer" content="no-referrer"><link rel="icon" href="${raw(ICON)}">
<style>${raw(STYLE)}</style></head>
<body><a class="skip" href="#content">Skip to content</a><header class="in"><a class="brand" href="${home}">${CAIRN}Cairn</a></header>
<main class="in" id="content">${body}</main>
<footer><div class="in"><span>Each block was verified by its hash when it came in, and is checked whenever it is read.</span></div></footer>
${hasScript ? scriptTag() : ''}</body></html>
`
}

export interface PageGuards {
  /** Where the form's redirect may lead. */
  readonly formHosts?: readonly string[]
  /** The page has the script, or shows pictures and media of its own origin. */
  readonly hasScript?: boolean
  /** A PDF of its own origin is shown in a frame. */
  readonly hasFrame?: boolean
}

/** Nothing from elsewhere, no script but the known one, no frame around it. */
export function pageHeaders({ formHosts = [], hasScript = false, hasFrame = false }: PageGuards = {}): Headers {
  const policy = [
    "default-src 'none'",
    `style-src 'sha256-${STYLE_HASH}'`,
    hasScript ? `script-src 'sha256-${SCRIPT_HASH}'; img-src 'self' data:; media-src 'self'` : 'img-src data:',
    ...(hasFrame ? ["frame-src 'self'"] : []),
    `form-action ${["'self'", ...formHosts.map(host => `*.ipfs.${host}:*`)].join(' ')}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ]
  return {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy': policy.join('; '),
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
  }
}
