// Ignore rules in the dialect of Kubo: gitignore patterns turned into regular expressions and matched against the bare name.

import { readFileSync } from 'node:fs'
import { CairnError } from '../../errors.ts'

interface Rule {
  readonly pattern: RegExp
  readonly keeps: boolean
}

export type IgnoreRules = (name: string) => boolean

/** NOT_FOUND if there is no such file. Rules of the file come before `rules`; the last one that fits decides. */
export function ignoreRules({
  file,
  rules = [],
}: {
  file?: string | undefined
  rules?: readonly string[] | undefined
}): IgnoreRules {
  const compiled = [...(file === undefined ? [] : linesOf(file)), ...rules].flatMap(compile)
  if (compiled.length === 0) return () => false
  return name => {
    let ignored = false
    for (const { pattern, keeps } of compiled) if (ignored === keeps && pattern.test(name)) ignored = !keeps
    return ignored
  }
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n')
  } catch (cause) {
    throw new CairnError('NOT_FOUND', `the ignore rules ${file} cannot be read`, { cause, hint: 'check the path' })
  }
}

/** Stands for a star that is already a regular expression. */
const STAR = '\u0000'

function compile(line: string): Rule[] {
  let text = line.replace(/\r+$/, '')
  if (text.startsWith('#')) return []
  text = text.replace(/^ +| +$/g, '')
  if (text === '') return []
  const keeps = text.startsWith('!')
  if (keeps) text = text.slice(1)
  text = text.replace(/^[#!]/, '')
  if (/[^/+]\/.*\*\./.test(text) && !text.startsWith('/')) text = `/${text}`
  text = text.replaceAll('.', '\\.')
  if (text.startsWith('/**/')) text = text.slice(1)
  text = text
    .replaceAll('/**/', '(/|/.+/)')
    .replaceAll('**/', `(|.${STAR}/)`)
    .replaceAll('/**', `(|/.${STAR})`)
    .replaceAll('\\*', `\\${STAR}`)
    .replaceAll('*', '([^/]*)')
    .replaceAll('?', '\\?')
    .replaceAll(STAR, '*')
  const rest = text.endsWith('/') ? '(|.*)$' : '(|/.*)$'
  const source = text.startsWith('/') ? `^(|/)${text.slice(1)}${rest}` : `^(|.*/)${text}${rest}`
  try {
    return [{ pattern: new RegExp(source), keeps }]
  } catch {
    // Kubo drops a pattern that is no regular expression; equal CIDs need the same.
    return []
  }
}
