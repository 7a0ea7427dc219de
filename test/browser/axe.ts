// axe-core in a page: what the industry's checker finds against WCAG 2.2 AA and good practice.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'

const SOURCE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa', 'best-practice']

interface AxeResult {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[]
  readonly passes: readonly unknown[]
}

/** One line for each element that breaks a rule, and how many rules were met. */
export async function axeViolations(page: Page): Promise<{ found: string[]; rulesMet: number }> {
  // Handed over by the debugger: the page's own policy lets no foreign script in.
  await page.evaluate(SOURCE)
  const { violations, passes } = await page.evaluate<AxeResult>(
    `axe.run(document, { runOnly: ${JSON.stringify(TAGS)}, resultTypes: ['violations'] })`,
  )
  const found = violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `axe ${id}: ${html.slice(0, 120)}`))
  return { found, rulesMet: passes.length }
}
