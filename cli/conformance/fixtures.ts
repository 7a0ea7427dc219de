// What a folder of conformance fixtures holds, at any depth: CARs, blocks, IPNS records, DNSLinks and host names.

import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { CairnError } from '../../src/errors.ts'
import { LIMITS } from '../../src/limits.ts'
import { parseDnslinkYaml, parseNamespaceMap, readHosts } from './declared.ts'

export interface Fixtures {
  readonly cars: readonly string[]
  /** Loose blocks: CIDs as they stand in the names of files. */
  readonly blocks: readonly NamedFile[]
  /** IPNS records under their keys. */
  readonly records: readonly NamedFile[]
  /** DNS name → content path. */
  readonly dnslinks: Readonly<Record<string, string>>
  /** Undefined where no manifest says it. */
  readonly hosts: readonly string[] | undefined
}

export interface NamedFile {
  readonly name: string
  readonly path: string
}

/** Numbered where the suite has put its own into one folder. */
const DNSLINK_YAML = /^dnslink(?:_\d+)?\.ya?ml$/

/** NOT_FOUND for a folder that is not there, USAGE for one without any fixture. */
export function findFixtures(folder: string): Fixtures {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new CairnError('NOT_FOUND', `there is no folder ${folder}`, { hint: 'check --fixtures' })
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
  const paths = files.map(file => join(folder, file))
  const ending = (suffix: string) => paths.filter(path => path.endsWith(suffix))
  const called = (name: RegExp) => paths.filter(path => name.test(basename(path)))
  const manifests = called(/^manifest\.json$/).map(readDocument)
  const dnslinks = {
    ...Object.assign({}, ...called(DNSLINK_YAML).map(path => parseDnslinkYaml(readText(path)))),
    ...Object.assign({}, ...called(/^dnslinks\.json$/).map(path => domainsOf(readDocument(path)))),
    ...Object.assign({}, ...manifests.map(({ IPFS_NS_MAP: map }) => parseNamespaceMap(String(map ?? '')))),
  } as Record<string, string>
  const found = {
    cars: ending('.car'),
    blocks: ending('.block').map(path => ({ name: basename(path, '.block'), path })),
    records: ending('.ipns-record').map(path => ({
      name: basename(path, '.ipns-record').split('_', 1)[0] ?? '',
      path,
    })),
    dnslinks,
    hosts: manifests.map(manifest => readHosts(manifest.hosts)).findLast(hosts => hosts !== undefined),
  }
  if (found.cars.length + found.blocks.length + found.records.length === 0)
    throw new CairnError('USAGE', `${folder} holds no *.car, *.block or *.ipns-record`, { hint: 'check --fixtures' })
  return found
}

function readDocument(path: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(readText(path))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
    throw new CairnError('USAGE', `${path} is not JSON: ${cause.message}`, { cause })
  }
}

/** Also those who write the names at the top are understood. */
function domainsOf(document: Record<string, unknown>): Record<string, string> {
  const domains = document.domains ?? document
  const entries = Object.entries(domains as object).filter(([, path]) => /^\/ip[fn]s\//.test(String(path)))
  return Object.fromEntries(entries.map(([name, path]) => [name.toLowerCase(), String(path)]))
}

function readText(path: string): string {
  if (statSync(path).size > LIMITS.blockBytes.value)
    throw new CairnError('LIMIT', `${path} is too large for a list of names`, { hint: '' })
  return readFileSync(path, 'utf8')
}
