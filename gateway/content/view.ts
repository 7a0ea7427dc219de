// What of ours about some content is asked for, by a parameter that no site has for itself: `?cairn=dag`.

import { prefersHtml } from './negotiate.ts'
import type { ContentRequest } from './request.ts'

const VIEWS = ['dag', 'preview', 'share', 'zip'] as const

export type View = (typeof VIEWS)[number]

/** Undefined for the content itself, which is also what programs get that do not take HTML. */
export function viewOf({ parameters, headers }: ContentRequest): View | undefined {
  const asked = parameters.get('cairn')
  if (asked === null) return undefined
  const view = VIEWS.find(known => known === asked)
  return view === 'zip' || prefersHtml(headers.accept) ? view : undefined
}
