// Every way by which content leaves a node, and what came out of each: to be held against the truth.

import { apiApp } from '../../gateway/api.ts'
import { contentApp } from '../../gateway/content/app.ts'
import { startServer } from '../../gateway/server.ts'
import { configSchema } from '../../src/config/schema.ts'
import type { LocalNode } from '../../src/node/open.ts'
import { SILENT } from '../../src/observe/log.ts'
import { WAIT } from '../store/support.ts'
import type { Site } from './site.ts'

export interface Given {
  /** Of HTTP; 0 where there is none, or no answer came. */
  readonly status: number
  readonly bytes: Buffer
  /** The answer came to its end. */
  readonly whole: boolean
}

export type Answers = ReadonlyMap<string, Given>

/** As a page. */
export const LISTING = 'list'

const CONFIG = configSchema.parse({ mode: 'offline', gateway: { listen: '127.0.0.1:0' } })

export async function openDoors(node: LocalNode, site: Site): Promise<Answers> {
  const answers = new Map<string, Given>()
  await withServers(node, async (gateway, api) => {
    const doors = httpDoors(site, gateway, api)
    const lane = async () => {
      for (let door = doors.shift(); door !== undefined; door = doors.shift()) {
        const [name, url, init] = door
        const given = await ask(url, init)
        answers.set(name, TARS.has(name) ? { ...given, bytes: withoutTimes(given.bytes) } : given)
      }
    }
    await Promise.all(Array.from({ length: 8 }, lane))
  })
  for (const name of site.files.keys()) answers.set(`read ${name}`, await readByNode(node, site, name))
  return answers
}

function httpDoors({ root, single, files, rows }: Site, gateway: string, api: string) {
  const doors: [string, string, RequestInit?][] = []
  const post = { method: 'POST' }
  for (const name of files.keys()) {
    const url = `${gateway}/ipfs/${root}/${name}`
    doors.push([`GET ${name}`, url], [`HEAD ${name}`, url, { method: 'HEAD' }])
    doors.push([`range of ${name}`, url, { headers: { range: 'bytes=500-' } }])
    doors.push([`last bytes of ${name}`, url, { headers: { range: 'bytes=-100' } }])
    doors.push([`cat ${name}`, `${api}/api/v0/cat?arg=/ipfs/${root}/${name}`, post])
  }
  doors.push(['GET single', `${gateway}/ipfs/${single}`], [LISTING, `${gateway}/ipfs/${root}/`])
  for (const format of ['raw', 'car', 'tar'])
    doors.push([`${format} of the root`, `${gateway}/ipfs/${root}?format=${format}`])
  doors.push(['raw of single', `${gateway}/ipfs/${single}?format=raw`])
  doors.push(['CAR of single', `${gateway}/ipfs/${single}?format=car`])
  doors.push(
    ['dag export', `${api}/api/v0/dag/export?arg=${root}`, post],
    ['get', `${api}/api/v0/get?arg=${root}`, post],
  )
  doors.push(['ls', `${api}/api/v0/ls?arg=${root}`, post])
  for (const { mh } of rows) {
    const key = `f01551220${Buffer.from(mh).subarray(2).toString('hex')}`
    doors.push([`block ${key.slice(-6)}`, `${api}/api/v0/block/get?arg=${key}`, post])
    doors.push([`raw ${key.slice(-6)}`, `${gateway}/ipfs/${key}?format=raw`])
  }
  return doors
}

async function withServers(node: LocalNode, use: (gateway: string, api: string) => Promise<void>): Promise<void> {
  const common = { listen: '127.0.0.1:0', log: SILENT }
  const content = contentApp({ node, config: CONFIG, log: SILENT })
  const rpc = apiApp({ node, config: CONFIG, log: SILENT, onShutdown: () => {} })
  const gateway = await startServer({
    name: 'gateway',
    configKey: 'gateway.listen',
    flag: '--gateway',
    app: content,
    ...common,
  })
  const api = await startServer({ name: 'api', configKey: 'api.listen', flag: '--api', app: rpc, ...common })
  try {
    await use(gateway.url, api.url)
  } finally {
    await Promise.all([gateway.close({ drainMs: 0 }), api.close({ drainMs: 0 })])
  }
}

const TARS: ReadonlySet<string> = new Set(['get', 'tar of the root'])

/** What has no time of its own is written with the time of the answer. */
function withoutTimes(tar: Buffer): Buffer {
  const copy = Buffer.from(tar)
  for (let at = 0; at + 512 <= copy.byteLength; ) {
    const size = Number.parseInt(copy.toString('latin1', at + 124, at + 136), 8) || 0
    copy.fill(0, at + 136, Math.min(at + 156, copy.byteLength))
    at += 512 + Math.ceil(size / 512) * 512
  }
  return copy
}

/** Whatever came before it broke off counts as well. */
async function ask(url: string, init: RequestInit = {}): Promise<Given> {
  const parts: Buffer[] = []
  let status = 0
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(20_000) })
    status = response.status
    // The length that is promised is part of the answer to HEAD.
    if (init.method === 'HEAD') parts.push(Buffer.from(response.headers.get('content-length') ?? ''))
    for await (const part of response.body ?? []) parts.push(Buffer.from(part))
    return { status, bytes: Buffer.concat(parts), whole: true }
  } catch {
    return { status, bytes: Buffer.concat(parts), whole: false }
  }
}

async function readByNode({ content }: LocalNode, { root }: Site, name: string): Promise<Given> {
  const parts: Buffer[] = []
  try {
    const { cid } = await content.resolve({ root, segments: [name] }, WAIT)
    for await (const part of content.read(cid, { ...WAIT, root })) parts.push(Buffer.from(part))
    return { status: 200, bytes: Buffer.concat(parts), whole: true }
  } catch {
    return { status: 200, bytes: Buffer.concat(parts), whole: false }
  }
}

/** The doors that gave something wrong: a byte that is not so, or an end before the end without a word. */
export function wrongDoors(truth: Answers, given: Answers): string[] {
  return [...given].flatMap(([door, { status, bytes, whole }]) => {
    const right = truth.get(door)
    if (right === undefined || status === 0 || status >= 400) return []
    const isPrefix = bytes.equals(right.bytes.subarray(0, bytes.byteLength))
    const isAll = bytes.byteLength === right.bytes.byteLength
    if ((isPrefix && (isAll || !whole)) || (door === LISTING && whole && saysTheSame(right.bytes, bytes))) return []
    return [`${door}: ${bytes.byteLength} of ${right.bytes.byteLength} bytes${isPrefix ? '' : ', wrong ones'}`]
  })
}

/**
 * A listing looks into children that are at hand: their picture, the order that follows from it, and the README. Of what cannot
 * be read the picture is a guess by the name, and no README is shown; every name, CID, size and link is as it was.
 */
function saysTheSame(right: Buffer, given: Buffer): boolean {
  const [expected, actual] = [partsOf(right), partsOf(given)]
  const isReadme = actual.readme === '' || actual.readme === expected.readme
  return isReadme && actual.rest === expected.rest && actual.rows.join('') === expected.rows.join('')
}

const ROW = /<li(?: class="d")?><svg role="img" aria-label="\w+"><use href="#\w+"\/><\/svg>(<a .*<\/li>\n)/g
const README = /<section class="readme".*?<\/section>/s

function partsOf(page: Buffer): { rows: string[]; readme: string; rest: string } {
  const html = page.toString()
  const rows = [...html.matchAll(ROW)].map(([, row = '']) => row)
  const readme = README.exec(html)?.[0] ?? ''
  return { rows: rows.sort(), readme, rest: html.replace(ROW, '').replace(README, '') }
}
