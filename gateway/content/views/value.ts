// A value of the IPLD data model as nested markup: links lead on, bytes are hex, and only so much of it is written.

import { CID } from 'multiformats/cid'
import { escapeText, linkTo, type Place, shown } from './place.ts'

const MOST_NODES = 2000
const MOST_DEPTH = 48
const MOST_TEXT = 2000
const MOST_BYTES = 96

interface Budget {
  nodes: number
  readonly place: Pick<Place, 'host'>
}

export const renderValue = (value: unknown, place: Pick<Place, 'host'>): string =>
  render(value, { nodes: MOST_NODES, place }, 0)

function render(value: unknown, budget: Budget, depth: number): string {
  budget.nodes--
  const link = CID.asCID(value)
  if (link !== null) return `<a href="${linkTo(budget.place, String(link))}" translate="no">${link}</a>`
  if (value instanceof Uint8Array) return bytes(value)
  if (typeof value === 'string') return `<span class="str">"${shown(cut(value))}"</span>`
  if (typeof value !== 'object' || value === null) return `<span class="num">${escapeText(String(value))}</span>`
  const isList = Array.isArray(value)
  const entries = isList ? value.map((item, index) => [String(index), item] as const) : Object.entries(value)
  if (entries.length === 0) return isList ? '[ ]' : '{ }'
  if (depth >= MOST_DEPTH) return '<i>… goes deeper</i>'
  return collection(entries, isList, budget, depth)
}

function collection(
  entries: readonly (readonly [string, unknown])[],
  isList: boolean,
  budget: Budget,
  depth: number,
): string {
  const items: string[] = []
  for (const [key, item] of entries) {
    if (budget.nodes <= 0) {
      items.push(`<li><i>… ${(entries.length - items.length).toLocaleString('en')} more</i></li>`)
      break
    }
    const name = isList ? `<span class="num">${key}</span>` : `<b>${shown(cut(key))}</b>`
    items.push(`<li>${name}: ${render(item, budget, depth + 1)}</li>`)
  }
  return `<ul>${items.join('')}</ul>`
}

function bytes(value: Uint8Array): string {
  const hex = Buffer.from(value.buffer, value.byteOffset, Math.min(value.byteLength, MOST_BYTES)).toString('hex')
  const rest = value.byteLength > MOST_BYTES ? '…' : ''
  return `<code>${hex}${rest}</code> <i>${value.byteLength.toLocaleString('en')} bytes</i>`
}

const cut = (text: string): string => (text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)}…` : text)
