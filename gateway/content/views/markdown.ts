// Markdown of others as markup: a small reader of its common parts. Nothing of it is ever run; tags in it are not passed on.

import { escapeName } from '../../../src/dag/names.ts'
import { type InlineContext, renderInline } from './markdown-inline.ts'
import { escapeText } from './place.ts'

const MOST_DEPTH = 8
const MOST_LINES = 5000
/** Far more than any text for people takes; a text made to cost time ends as plain text. */
const MOST_STEPS = 1_000_000

interface Reading {
  readonly lines: readonly string[]
  readonly context: InlineContext
  readonly depth: number
  /** What its highest heading is on our page, and the level of the last one: an outline that skips levels is closed up. */
  readonly headings: { readonly first: number; last: number }
}

interface Block {
  readonly html: string
  /** The first line behind it. */
  readonly next: number
}

type Reader = (reading: Reading, at: number) => Block | undefined

interface MarkdownOptions {
  /** What its highest heading becomes on the page around it. */
  readonly headingLevel: number
  /** In front of links to other content, as a Place has it. */
  readonly host: string | undefined
}

export function renderMarkdown(source: string, { headingLevel, host }: MarkdownOptions): string {
  const text = withoutComments(source).replaceAll('\t', '    ')
  const all = text.split(/\r\n|\r|\n/, MOST_LINES).map(escapeName)
  const references = new Map<string, string>()
  const lines = all.filter(line => {
    const [, name, url] = /^ {0,3}\[([^[\]]+)\]:\s*<?([^\s<>]+)>?(?:\s+["'(].*)?$/.exec(line) ?? []
    if (name !== undefined && url !== undefined) references.set(name.toLowerCase(), url)
    return name === undefined
  })
  return renderBlocks({
    lines,
    context: { host, references, budget: { left: MOST_STEPS } },
    depth: 0,
    headings: { first: headingLevel, last: headingLevel - 1 },
  })
}

/** One that is never closed is text. */
function withoutComments(source: string): string {
  let out = ''
  let at = 0
  for (let open = source.indexOf('<!--'); open !== -1; open = source.indexOf('<!--', at)) {
    const close = source.indexOf('-->', open)
    if (close === -1) break
    out += source.slice(at, open)
    at = close + 3
  }
  return out + source.slice(at)
}

function renderBlocks(reading: Reading): string {
  const { lines } = reading
  const out: string[] = []
  let at = 0
  while (at < lines.length) {
    if (lineAt(lines, at).trim() === '') {
      at++
      continue
    }
    const block = readBlock(reading, at)
    out.push(block.html)
    at = block.next
  }
  return out.join('\n')
}

const lineAt = (lines: readonly string[], at: number): string => lines[at] ?? ''

function readBlock(reading: Reading, at: number): Block {
  for (const reader of READERS) {
    const block = reader(reading, at)
    if (block !== undefined) return block
  }
  return paragraph(reading, at)
}

const FENCE = /^ {0,3}(`{3,}|~{3,})\s*([^`]*)$/
const HEADING = /^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$/
const RULE = /^ {0,3}(?:(?:\*\s*){3,}|(?:-\s*){3,}|(?:_\s*){3,})$/
const ITEM = /^( {0,3})([-*+]|\d{1,9}[.)])( +|$)(.*)$/
const QUOTE = /^ {0,3}> ?/
const TABLE_RULE = /^ {0,3}\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/

const READERS: readonly Reader[] = [fence, heading, rule, quote, list, table, indented]

function fence({ lines }: Reading, at: number): Block | undefined {
  const [, mark] = FENCE.exec(lineAt(lines, at)) ?? []
  if (mark === undefined) return undefined
  let end = at + 1
  while (end < lines.length && !lineAt(lines, end).trimStart().startsWith(mark)) end++
  return { html: pre(lines.slice(at + 1, end)), next: end + 1 }
}

function indented({ lines }: Reading, at: number): Block | undefined {
  if (!lineAt(lines, at).startsWith('    ')) return undefined
  let end = at
  while (end < lines.length && /^ {4}|^\s*$/.test(lineAt(lines, end))) end++
  return { html: pre(lines.slice(at, end).map(line => line.slice(4))), next: end }
}

const pre = (lines: readonly string[]): string => `<pre tabindex="0"><code>${escapeText(lines.join('\n'))}</code></pre>`

function heading(reading: Reading, at: number): Block | undefined {
  const [, marks, text] = HEADING.exec(lineAt(reading.lines, at)) ?? []
  if (marks === undefined || text === undefined) return undefined
  return { html: headingOf(reading, marks.length, text), next: at + 1 }
}

function headingOf({ context, headings }: Reading, level: number, text: string): string {
  headings.last = Math.min(6, level + headings.first - 1, headings.last + 1)
  const tag = `h${headings.last}`
  const slug = text
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')
  return `<${tag} id="md-${escapeText(slug)}">${renderInline(text, context)}</${tag}>`
}

function rule({ lines }: Reading, at: number): Block | undefined {
  return RULE.test(lineAt(lines, at)) ? { html: '<hr>', next: at + 1 } : undefined
}

function quote(reading: Reading, at: number): Block | undefined {
  const { lines, depth } = reading
  if (depth >= MOST_DEPTH || !QUOTE.test(lineAt(lines, at))) return undefined
  let end = at
  while (end < lines.length && QUOTE.test(lineAt(lines, end))) end++
  const inner = lines.slice(at, end).map(line => line.replace(QUOTE, ''))
  return { html: `<blockquote>${renderBlocks({ ...reading, lines: inner, depth: depth + 1 })}</blockquote>`, next: end }
}

function list(reading: Reading, at: number): Block | undefined {
  const { lines, depth } = reading
  const first = ITEM.exec(lineAt(lines, at))
  if (first === null || depth >= MOST_DEPTH) return undefined
  const isOrdered = /\d/.test(first[2] ?? '')
  const items: string[] = []
  let next = at
  for (let item: RegExpExecArray | null = first; item !== null; item = ITEM.exec(lineAt(lines, next))) {
    if (/\d/.test(item[2] ?? '') !== isOrdered || RULE.test(lineAt(lines, next))) break
    const indent = (item[1] ?? '').length + (item[2] ?? '').length + 1
    const end = itemEnd(lines, next + 1)
    const inner = [item[4] ?? '', ...lines.slice(next + 1, end).map(line => unindent(line, indent))]
    items.push(listItem({ ...reading, lines: inner, depth: depth + 1 }))
    next = end
  }
  if (items.length === 0) return undefined
  const start = isOrdered ? Number.parseInt(first[2] ?? '1', 10) : 1
  const tag = isOrdered ? 'ol' : 'ul'
  return { html: `<${tag}${start === 1 ? '' : ` start="${start}"`}>${items.join('')}</${tag}>`, next }
}

/** Indented lines belong to an item, and lines that follow it directly unless they begin something else. */
function itemEnd(lines: readonly string[], from: number): number {
  let end = from
  for (let at = from; at < lines.length; at++) {
    const line = lineAt(lines, at)
    if (line.trim() === '') continue
    const isLazy = end === at && !begins(line)
    if (!/^ {2,}/.test(line) && !isLazy) break
    end = at + 1
  }
  let next = end
  while (next < lines.length && lineAt(lines, next).trim() === '') next++
  return ITEM.test(lineAt(lines, next)) ? next : end
}

const unindent = (line: string, indent: number): string =>
  line.slice(Math.min(indent, line.length - line.trimStart().length))

/** An item of one paragraph is written without it. */
function listItem(reading: Reading): string {
  const task = /^\[([ xX])\] /.exec(lineAt(reading.lines, 0))
  const box = task === null ? '' : task[1] === ' ' ? '☐ ' : '☑ '
  const lines = task === null ? reading.lines : [lineAt(reading.lines, 0).slice(4), ...reading.lines.slice(1)]
  const html = renderBlocks({ ...reading, lines })
  const [, only] = /^<p>((?:(?!<p>)[\s\S])*?)<\/p>/.exec(html) ?? []
  return `<li>${box}${only === undefined ? html : only + html.slice(only.length + 7)}</li>`
}

function table(reading: Reading, at: number): Block | undefined {
  const { lines, context } = reading
  if (!lineAt(lines, at).includes('|') || !TABLE_RULE.test(lineAt(lines, at + 1))) return undefined
  let end = at + 2
  while (end < lines.length && lineAt(lines, end).includes('|')) end++
  const row = (line: string, tag: string) =>
    `<tr>${cells(line)
      .map(cell => `<${tag}>${renderInline(cell, context)}</${tag}>`)
      .join('')}</tr>`
  const body = lines.slice(at + 2, end).map(line => row(line, 'td'))
  const html = `<div class="scroll" tabindex="0"><table><thead>${row(lineAt(lines, at), 'th')}</thead><tbody>${body.join('')}</tbody></table></div>`
  return { html, next: end }
}

const cells = (line: string): string[] =>
  line
    .trim()
    .replace(/^\||\|$/g, '')
    .split(/(?<!\\)\|/)
    .map(cell => cell.trim())

function begins(line: string): boolean {
  return FENCE.test(line) || HEADING.test(line) || RULE.test(line) || QUOTE.test(line) || ITEM.test(line)
}

function paragraph(reading: Reading, at: number): Block {
  const { lines, context } = reading
  let end = at + 1
  while (end < lines.length && lineAt(lines, end).trim() !== '') {
    const level = /^ {0,3}=+\s*$/.test(lineAt(lines, end)) ? 1 : /^ {0,3}-+\s*$/.test(lineAt(lines, end)) ? 2 : 0
    if (level > 0) {
      const text = lines.slice(at, end).join(' ').trim()
      return { html: headingOf(reading, level, text), next: end + 1 }
    }
    if (begins(lineAt(lines, end))) break
    end++
  }
  const text = lines.slice(at, end).map(line => line.trimStart())
  const html = renderInline(
    text
      .join('\n')
      .replace(/ {2,}\n/g, '<br>\n')
      .trimEnd(),
    context,
  )
  return { html: html.trim() === '' ? '' : `<p>${html}</p>`, next: end }
}
