// Changing one key of config.json: comments and order of the rest stay, and the file is whole at every instant.

import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { CairnError } from '../errors.ts'
import { makeFolders } from '../writable.ts'
import { parseJson } from './json.ts'
import type { ConfigValue } from './kinds.ts'
import { configEntries } from './load.ts'
import { configPath } from './paths.ts'

/** Sets a key whose value was checked before. */
export function setConfigKey({ repo, key, value }: { repo: string; key: string; value: ConfigValue }): void {
  const file = configPath(repo)
  const before = readOr(file, '{}\n')
  configEntries(before, 'config.json')
  makeFolders(repo, 0o700)
  writeWhole(file, withKey(before, key, value))
}

/** The text with that key set: replaced in place, or put first in its section. */
export function withKey(text: string, key: string, value: ConfigValue): string {
  const { places } = parseJson(text, 'config.json')
  const json = JSON.stringify(value)
  const place = places.get(key)
  if (place !== undefined) return text.slice(0, place.start) + json + text.slice(place.end)
  const [section = '', name] = key.split('.')
  const parent = name === undefined ? '' : section
  const at = places.get(parent)
  const member = name === undefined ? `"${section}": ${json}` : `"${name}": ${json}`
  if (at !== undefined) return insert(text, at.start, parent === '' ? '  ' : '    ', member)
  return insert(text, places.get('')?.start ?? 0, '  ', `"${section}": {\n    ${member}\n  }`)
}

/** Puts a member first into the object that begins at `start`. */
function insert(text: string, start: number, indent: string, member: string): string {
  const rest = text.slice(start + 1)
  const isEmpty = /^\s*\}/.test(rest)
  const tail = isEmpty ? `\n${indent.slice(2)}${rest.trimStart()}` : `,${rest.startsWith('\n') ? '' : '\n'}${rest}`
  return `${text.slice(0, start + 1)}\n${indent}${member}${tail}`
}

function readOr(file: string, otherwise: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return otherwise
    throw new CairnError('BAD_CONFIG', `${file} cannot be read: ${(cause as Error).message}`, { cause })
  }
}

/** Temp file, fsync, rename, fsync of the folder; readable by its owner alone. */
export function writeWhole(file: string, text: string): void {
  const temp = `${file}.${process.pid}.tmp`
  try {
    const descriptor = openSync(temp, 'wx', 0o600)
    try {
      writeSync(descriptor, text)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(temp, file)
  } catch (error) {
    rmSync(temp, { force: true })
    throw error
  }
  const folder = openSync(dirname(file), 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
