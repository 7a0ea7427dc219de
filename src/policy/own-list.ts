// The denylist that `cairn deny` writes: one more line at its end, or lines taken out, whole at every instant.

import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import type { Asked } from '../api/deny.ts'
import { SHA2_256 } from '../block/hash.ts'
import { writeWhole } from '../config/edit.ts'
import { parseContentPath } from '../dag/path.ts'
import { CairnError } from '../errors.ts'
import { makeFolders } from '../writable.ts'
import { writeBase58 } from './base-text.ts'
import { denyPaths } from './deny-paths.ts'
import { BadLine, type Item, readLine } from './rule-line.ts'
import { Subject } from './subject.ts'

export interface NewRule {
  /** A CID, `/ipfs/…` or `/ipns/…`, with `*` at its end for all that begins so, or `//HASH`. */
  readonly target: string
  readonly isAllowed: boolean
  /** Says it by its hash alone, so that the list does not tell where to look. */
  readonly isHashed: boolean
  readonly status?: 451
  readonly reason?: string
}

/** Appends the rule and returns its line. USAGE if the target is none that a rule can name. */
export function addOwnRule(repo: string, rule: NewRule): string {
  const line = formatRule(rule)
  const { folder, own } = denyPaths(repo)
  makeFolders(folder, 0o700)
  const before = readOwn(repo)
  const fd = openSync(own, 'a', 0o600)
  try {
    writeSync(fd, `${before === '' || before.endsWith('\n') ? '' : '\n'}${line}\n`)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  return line
}

/** Takes out every rule that names just this, openly or by its hash; the lines that went. */
export function removeOwnRules(repo: string, target: string): string[] {
  const names = new Set([false, true].flatMap(isHashed => nameIfAny({ target, isAllowed: false, isHashed })))
  const lines = readOwn(repo).split('\n')
  const isMeant = (line: string) => {
    const item = itemOf(line)
    return item !== undefined && names.has(nameOfItem(item))
  }
  const gone = lines.filter(isMeant)
  if (gone.length > 0) writeWhole(denyPaths(repo).own, lines.filter(line => !isMeant(line)).join('\n'))
  return gone
}

export function ownRules(repo: string): string[] {
  return readOwn(repo)
    .split('\n')
    .filter(line => itemOf(line) !== undefined)
}

/** What somebody asks about, as the doors would. */
export function askedOf(text: string): Asked {
  const [, name, rest = ''] = /^(?:\/ipns\/|ipns:\/\/)([^/]+)(.*)$/s.exec(text) ?? []
  if (name !== undefined) return { ipnsName: name, path: rest.split('/').filter(segment => segment !== '') }
  const { root, segments } = parseContentPath(text)
  return { cid: root, path: segments }
}

function formatRule({ target, isAllowed, isHashed, status, reason }: NewRule): string {
  const item = isHashed ? hashedText(target) : plainText(target)
  const line = [
    `${isAllowed ? '!' : ''}${item}`,
    ...(status === undefined ? [] : [`gateway_status=${status}`]),
    ...(reason === undefined || reason === '' ? [] : [`reason=${encodeURIComponent(reason.toWellFormed())}`]),
  ].join(' ')
  try {
    const read = readLine(Buffer.from(line), 0, Buffer.byteLength(line))
    if (read !== undefined) return line
  } catch (cause) {
    if (!(cause instanceof BadLine)) throw cause
    throw unusable(target, cause)
  }
  throw unusable(target)
}

const unusable = (target: string, cause?: Error): CairnError =>
  new CairnError(
    'USAGE',
    `no rule can be made of "${target.slice(0, 200)}"${cause === undefined ? '' : `: it ${cause.message}`}`,
    {
      cause,
      hint: 'give a CID, a path such as /ipfs/CID/folder/*, or a name such as /ipns/example.com',
    },
  )

/** Segments are literal here and percent-encoded in a list; a star at the end stays one. */
function plainText(target: string): string {
  if (target.startsWith('//')) return target
  const [, namespace = 'ipfs', root = '', rest = ''] = /^(?:\/(ipfs|ipns)\/|(?=[^/]))([^/]*)(.*)$/s.exec(target) ?? []
  const isPrefix = rest.endsWith('*')
  const path = (isPrefix ? rest.slice(0, -1) : rest).split('/').map(name => encodeURIComponent(name.toWellFormed()))
  return `/${namespace}/${root}${path.join('/').replaceAll('*', '%2A')}${isPrefix ? '*' : ''}`
}

function hashedText(target: string): string {
  if (target.endsWith('*')) throw unusable(target, new Error('would hide its prefix, which no hash can be asked for'))
  const { cid, ipnsName, path } = askedOf(target)
  const subject = cid === undefined ? Subject.ofName(ipnsName ?? '', path) : Subject.ofCid(cid, path)
  const [whole, withPath = whole] = subject.hashed(SHA2_256)
  return `//${writeBase58(Buffer.from(withPath ?? '', 'latin1'))}`
}

/** None where one of its two forms cannot be. */
function nameIfAny(rule: NewRule): string[] {
  try {
    const item = itemOf(formatRule(rule))
    return item === undefined ? [] : [nameOfItem(item)]
  } catch (error) {
    if (rule.isHashed) return []
    throw error
  }
}

function itemOf(line: string): Item | undefined {
  const bytes = Buffer.from(line)
  try {
    return readLine(bytes, 0, bytes.byteLength)?.item
  } catch (error) {
    if (!(error instanceof BadLine)) throw error
    return undefined
  }
}

const nameOfItem = (item: Item): string =>
  item.kind === 'prefix'
    ? `prefix ${item.place} ${item.prefix}`
    : `${item.kind} ${Buffer.from(item.bytes).toString('hex')}`

function readOwn(repo: string): string {
  try {
    return readFileSync(denyPaths(repo).own, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}
