// What went wrong, for people: in plain words, with what was tried and what they can do now.

import { html } from 'hono/html'
import { escapeName } from '../../../src/dag/names.ts'
import { type Html, page } from './page.ts'
import { FALLEN } from './stones.ts'

export interface ErrorPage {
  readonly status: number
  readonly title: string
  /** What exactly: names and CIDs of others may be in it. */
  readonly message: string
  readonly path: string
  readonly tried: readonly string[]
  readonly advice: readonly string[]
  /** Links that do what is advised. */
  readonly actions: readonly { readonly href: string; readonly label: string }[]
  readonly reference: string
  readonly home: string
}

export function renderError({
  status,
  title,
  message,
  path,
  tried,
  advice,
  actions,
  reference,
  home,
}: ErrorPage): Html {
  return page({
    title: `${status} – ${title}`,
    home,
    body: html`<div class="hero">${FALLEN}<div><h1><small class="of">Error ${status}</small>${title}</h1>
<p class="lead">${escapeName(message)}</p></div></div>
<p class="path">${escapeName(path)}</p>
${actions.length === 0 ? '' : html`<p>${actions.map(({ href, label }) => html`<a class="button" href="${href}">${label}</a> `)}</p>`}${list('What was tried', tried)}${list('What you can do', advice)}
${reference === '' ? '' : html`<p class="hint">Reference for the operator of this node: <code>${reference}</code></p>`}`,
  })
}

function list(heading: string, items: readonly string[]): Html | string {
  if (items.length === 0) return ''
  return html`<h2>${heading}</h2><ul class="steps">${items.map(item => html`<li>${escapeName(item)}</li>`)}</ul>`
}
