// A failure as people and scripts are told of it.

import type { CairnError } from '../../src/errors.ts'
import type { Out } from '../io.ts'

/** Two lines: what happened, what to do. The stack only where it was asked for, or the failure is a bug. */
export function errorText(error: CairnError, out: Pick<Out, 'style'>, isVerbose: boolean): string {
  const lines = [`${out.style('red', 'error:')} ${error.message}`]
  for (const tried of error.tried) lines.push(`  tried: ${tried}`)
  if (error.hint !== '') lines.push(`  ${out.style('dim', '→')} ${error.hint}`)
  if (isVerbose) lines.push(stack(error))
  return `${lines.join('\n')}\n`
}

export const errorJson = ({ code, message, hint, exit, tried }: CairnError): string =>
  `${JSON.stringify({ v: 1, error: { code, message, hint, exit, ...(tried.length > 0 && { tried }) } })}\n`

function stack(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${stack(error.cause)}` : ''
  return `${error.stack ?? error.message}${cause}`
}
