// The table of docs/compatibility.md: the same requests to Kubo and to Cairn, and where their answers differ (spec: gateway §6).

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runInNamespace } from '../net/namespace.ts'

/** What a line that holds one begins with. */
export const ROW = 'ROW '

export interface Row {
  readonly row: number
  readonly title: string
  readonly request: string
  readonly kubo: string
  readonly cairn: string
  /** Kubo's answer is as the row wants it, too. */
  readonly isKuboRight: boolean
}

export const PAGE = join(import.meta.dirname, '../../docs/compatibility.md')
const [BEGIN, END] = ['<!-- better: made by `npm run docs:compatibility` -->', '<!-- /better -->']

/** Asks both, in a network namespace of its own. */
export async function askBoth(): Promise<readonly Row[]> {
  const { code, output } = await runInNamespace(join(import.meta.dirname, 'better-scenarios.ts'), '', 120_000)
  if (code !== 0) throw new Error(output)
  return output
    .split('\n')
    .filter(line => line.startsWith(ROW))
    .map(line => JSON.parse(line.slice(ROW.length)) as Row)
}

export function renderTable(rows: readonly Row[]): string {
  const lines = rows.map(({ row, title, request, kubo, cairn, isKuboRight }) =>
    [
      `| ${row}`,
      cell(title),
      code(request),
      isKuboRight ? `${cell(kubo)} (as Cairn)` : cell(kubo),
      `${cell(cairn)} |`,
    ].join(' | '),
  )
  return ['| §6 | what Cairn does | request | Kubo 0.44 | Cairn |', '|---|---|---|---|---|', ...lines].join('\n')
}

export const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;')
const code = (text: string): string => `\`${text.replaceAll('|', '\\|')}\``

export const readTable = (page = readFileSync(PAGE, 'utf8')): string =>
  page.slice(page.indexOf(BEGIN) + BEGIN.length, page.indexOf(END)).trim()

export function withTable(page: string, table: string): string {
  const [before, after] = [page.indexOf(BEGIN), page.indexOf(END)]
  if (before === -1 || after === -1) throw new Error('the page has no place for the table')
  return `${page.slice(0, before)}${BEGIN}\n\n${table}\n\n${page.slice(after)}`
}
