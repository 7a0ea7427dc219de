// The inside of a line of Markdown as markup: emphasis, code, links, pictures. Everything else is text, tags of its own included.

import { escapeText } from './place.ts'

export interface InlineContext {
  /** In front of `/ipfs/<cid>`; undefined where no other content is served: such links are text there. */
  readonly host: string | undefined

  /** Link definitions, by name in lower case. */
  readonly references: ReadonlyMap<string, string>
  /** Characters and places that may still be looked at in search of closing signs; then the rest is text. */
  readonly budget: { left: number }
}

/** How far a closing sign is looked for, and how deep signs nest: the work stays in proportion to the text. */
const MOST_LABEL = 1000
const MOST_SPAN = 4000
const MOST_DEPTH = 6

interface Piece {
  readonly html: string
  readonly end: number
}

type Reader = (text: string, at: number, context: InlineContext, depth: number) => Piece | undefined

export function renderInline(text: string, context: InlineContext, depth = 0): string {
  let out = ''
  let plain = ''
  let at = 0
  while (at < text.length) {
    const piece =
      depth < MOST_DEPTH && context.budget.left > 0 ? READERS[text.charAt(at)]?.(text, at, context, depth) : undefined
    if (piece === undefined) {
      plain += text.charAt(at++)
      continue
    }
    out += escapeText(plain) + piece.html
    plain = ''
    at = piece.end
  }
  return out + escapeText(plain)
}

const READERS: Partial<Record<string, Reader>> = {
  '\\': escaped,
  '`': code,
  '!': picture,
  '[': link,
  '<': angle,
  h: bareUrl,
  '*': emphasis,
  _: emphasis,
  '~': emphasis,
}

function escaped(text: string, at: number): Piece | undefined {
  const next = text.charAt(at + 1)
  return /[!-/:-@[-`{-~]/.test(next) ? { html: escapeText(next), end: at + 2 } : undefined
}

function code(text: string, at: number): Piece | undefined {
  let open = at
  while (text.charAt(open) === '`') open++
  const ticks = text.slice(at, open)
  for (let close = text.indexOf(ticks, open); close !== -1 && close - open <= MOST_SPAN; ) {
    let end = close
    while (text.charAt(end) === '`') end++
    if (end - close === ticks.length) {
      return { html: `<code>${escapeText(text.slice(open, close).replace(/^ (.+) $/s, '$1'))}</code>`, end }
    }
    close = text.indexOf(ticks, end)
  }
  return { html: ticks, end: open }
}

function emphasis(text: string, at: number, context: InlineContext, depth: number): Piece | undefined {
  const sign = text.charAt(at)
  const mark = text.startsWith(sign + sign, at) ? sign + sign : sign
  if (mark === '~') return undefined
  const start = at + mark.length
  if (/\s|^$/.test(text.charAt(start)) || (sign === '_' && /\w/.test(text.charAt(at - 1)))) {
    return { html: mark, end: start }
  }
  for (let close = text.indexOf(mark, start + 1); close !== -1 && close - start <= MOST_SPAN; ) {
    context.budget.left -= 20
    const end = close + mark.length
    const isLonger = mark.length === 1 && (text.charAt(end) === sign || text.charAt(close - 1) === sign)
    const isInWord = sign === '_' && /\w/.test(text.charAt(end))
    if (!isLonger && !isInWord && !/\s/.test(text.charAt(close - 1))) {
      const inner = renderInline(text.slice(start, close), context, depth + 1)
      const tag = sign === '~' ? 's' : mark.length === 2 ? 'strong' : 'em'
      return { html: `<${tag}>${inner}</${tag}>`, end }
    }
    close = text.indexOf(mark, isLonger ? end + 1 : end)
  }
  return { html: mark, end: start }
}

interface Target {
  readonly label: string
  readonly url: string
  readonly end: number
}

function link(text: string, at: number, context: InlineContext, depth: number): Piece | undefined {
  const target = readTarget(text, at, context)
  if (target === undefined) return undefined
  // A link cannot be inside another: the inner one is its text.
  const label = renderInline(target.label, context, depth + 1).replace(/<\/?a\b[^>]*>/g, '')
  return { html: anchor(target.url, label, context), end: target.end }
}

/** Only of the content's own origin: a picture from elsewhere is a link to it. */
function picture(text: string, at: number, context: InlineContext): Piece | undefined {
  const target = text.charAt(at + 1) === '[' ? readTarget(text, at + 1, context) : undefined
  if (target === undefined) return undefined
  return { html: image(target.url, target.label, context), end: target.end }
}

function image(url: string, label: string, context: InlineContext): string {
  const safe = safeUrl(url, context)
  const alt = escapeText(label)
  if (safe === undefined) return alt
  if (/^[a-z]+:|^\/\//i.test(safe)) return anchor(url, alt || 'picture', context)
  return `<img loading="lazy" decoding="async" src="${escapeText(safe)}" alt="${alt}">`
}

/** `[label](url "title")`, `[label][name]` or `[label]` of a definition. */
function readTarget(text: string, at: number, { references, budget }: InlineContext): Target | undefined {
  const close = closingBracket(text, at, budget)
  if (close === -1) return undefined
  const label = text.slice(at + 1, close)
  const rest = text.slice(close + 1, close + 1 + MOST_SPAN)
  const direct = /^\(\s*(?:<([^<>]*)>|((?:[^\s()]|\([^\s()]*\))*))(?:\s+(?:"[^"]*"|'[^']*'))?\s*\)/.exec(rest)
  if (direct !== null) return { label, url: direct[1] ?? direct[2] ?? '', end: close + 1 + direct[0].length }
  const named = /^\[([^[\]]*)\]/.exec(rest)
  const url = references.get((named?.[1] || label).toLowerCase())
  return url === undefined ? undefined : { label, url, end: close + 1 + (named?.[0].length ?? 0) }
}

function closingBracket(text: string, at: number, budget: InlineContext['budget']): number {
  let open = 0
  for (let index = at; index < text.length && index - at <= MOST_LABEL; index++) {
    const char = text.charAt(index)
    budget.left--
    if (char === '\\') index++
    else if (char === '[') open++
    else if (char === ']' && --open === 0) return index
  }
  return -1
}

const TAG =
  /^<\/?(?:a|abbr|b|big|blockquote|br|center|code|dd|details|div|dl|dt|em|font|h[1-6]|hr|i|img|kbd|li|ol|p|picture|pre|s|small|source|span|strong|sub|summary|sup|table|tbody|td|th|thead|tr|tt|u|ul)(?:[\s/][^<>]{0,2000})?>/i

/** Addresses become links, tags go: what stands between them is the text. A picture keeps its place. */
function angle(text: string, at: number, context: InlineContext): Piece | undefined {
  const rest = text.slice(at, at + MOST_SPAN)
  const address = /^<((?:https?|ipfs|ipns):[^\s<>]*)>/i.exec(rest)
  if (address?.[1] !== undefined) {
    return { html: anchor(address[1], escapeText(address[1]), context), end: at + address[0].length }
  }
  const tag = TAG.exec(rest)
  if (tag === null) return undefined
  const attribute = (name: string) => new RegExp(`\\s${name}=(?:"([^"]*)"|'([^']*)')`, 'i').exec(tag[0])
  const source = attribute('src')
  const alt = attribute('alt')
  const isImage = /^<img\s/i.test(tag[0]) && source !== null
  const html = isImage
    ? image(source[1] ?? source[2] ?? '', alt?.[1] ?? alt?.[2] ?? '', context)
    : /^<br/i.test(tag[0])
      ? '<br>'
      : ''
  return { html, end: at + tag[0].length }
}

function bareUrl(text: string, at: number, context: InlineContext): Piece | undefined {
  if (/[\w/]/.test(text.charAt(at - 1))) return undefined
  const match = /^https?:\/\/[^\s<>"'`]+/.exec(text.slice(at, at + MOST_LABEL))
  if (match === null) return undefined
  const url = match[0].replace(/[.,;:!?)\]*_]+$/, '')
  return { html: anchor(url, escapeText(url), context), end: at + url.length }
}

/** Undefined for what a browser would run or could not open. */
function safeUrl(url: string, { host }: InlineContext): string | undefined {
  const text = url.trim()
  const [, scheme] = /^([a-z][a-z0-9+.-]*):/i.exec(text) ?? []
  if (scheme === undefined) return text
  const content = /^(ip[fn]s):\/\/([^/?#]+.*)$/i.exec(text)
  if (content !== null) return host === undefined ? undefined : `${host}/${content[1]?.toLowerCase()}/${content[2]}`
  return /^(?:https?|mailto)$/i.test(scheme) ? text : undefined
}

function anchor(url: string, label: string, context: InlineContext): string {
  const safe = safeUrl(url, context)
  if (safe === undefined) return label
  if (safe.startsWith('#')) return `<a href="#md-${escapeText(safe.slice(1))}">${label}</a>`
  const isElsewhere = /^[a-z]+:|^\/\//i.test(safe)
  const isMarkdown = !isElsewhere && /^[^?#]+\.(?:md|markdown)$/i.test(safe)
  const rel = isElsewhere ? ' rel="nofollow noopener noreferrer"' : ''
  return `<a href="${escapeText(safe)}${isMarkdown ? '?cairn=preview' : ''}"${rel}>${label}</a>`
}
