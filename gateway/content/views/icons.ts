// Small pictures of what an entry is, drawn once per page and referred to by each row.

import { html, raw } from 'hono/html'
import { typeByName } from '../types.ts'

export type Look = 'folder' | 'file' | 'image' | 'video' | 'audio' | 'text' | 'code' | 'archive' | 'link' | 'up'

const SHEET_OF_PAPER = 'M5 2.5h6.5L15.5 6.5v11H5z M11.5 2.5v4h4'
const SHAPES: Record<Look, string> = {
  folder: 'M2.5 5.5h5l1.5 2h8.5v9h-15z',
  file: SHEET_OF_PAPER,
  image: 'M3 4.5h14v11H3z M3 13l4-4 3.5 3.5 2-2L17 14 M12.8 8h.01',
  video: 'M3 4.5h14v11H3z M8.3 7.6v4.8l4-2.4z',
  audio:
    'M8 14.2V5l7-1.5v9 M8 14.2a2.2 1.8 0 1 1-4.4 0 2.2 1.8 0 0 1 4.4 0z M15 12.5a2.2 1.8 0 1 1-4.4 0 2.2 1.8 0 0 1 4.4 0z',
  text: `${SHEET_OF_PAPER} M7.5 10h5.5 M7.5 12.5h5.5 M7.5 15h3.5`,
  code: 'M7 6.5 3.5 10 7 13.5 M13 6.5l3.5 3.5-3.5 3.5 M11.2 5l-2.4 10',
  archive: 'M3 6.5h14v10H3z M2.5 3.5h15v3h-15z M8 10h4',
  link: 'M8.5 11.5a3 3 0 0 0 4.3.2l2.6-2.6a3 3 0 0 0-4.3-4.3l-1 1 M11.5 8.5a3 3 0 0 0-4.3-.2l-2.6 2.6a3 3 0 0 0 4.3 4.3l1-1',
  up: 'M10 16V5 M5.5 9.5 10 5l4.5 4.5',
}

const symbols = Object.entries(SHAPES)
  .map(
    ([look, d]) =>
      `<symbol id="${look}" viewBox="0 0 20 20"><path d="${d}" fill="none" stroke="currentColor" stroke-width="1.4" stroke-linecap="round" stroke-linejoin="round"/></symbol>`,
  )
  .join('')

export const ICONS = html`<svg class="defs">${raw(symbols)}</svg>`

export const icon = (look: Look) => ICON_OF[look]

const ICON_OF = Object.fromEntries(
  Object.keys(SHAPES).map(look => [
    look,
    `<svg role="img" aria-label="${look === 'up' ? 'parent folder' : look}"><use href="#${look}"/></svg>`,
  ]),
) as Record<Look, string>

const ARCHIVE = /zip|gzip|tar|compressed|zstd|xz|bzip|vnd\.ipld\.car/
const CODE = /javascript|json|xml$|css|html|wasm|x-sh|toml|yaml|typescript/
const CODE_NAMES = /\.(?:c|cc|cpp|cs|go|h|hpp|java|kt|lua|mjs|mts|php|pl|py|rb|rs|sh|sql|swift|ts|tsx|jsx|vue|zig)$/i

/** By the name alone: children are not fetched for a listing. */
export function lookOfFile(name: string): Look {
  const type = typeByName(name) ?? ''
  if (type.startsWith('image/')) return 'image'
  if (type.startsWith('video/')) return 'video'
  if (type.startsWith('audio/')) return 'audio'
  if (ARCHIVE.test(type)) return 'archive'
  if (CODE.test(type) || CODE_NAMES.test(name)) return 'code'
  return type.startsWith('text/') || type === 'application/pdf' ? 'text' : 'file'
}
