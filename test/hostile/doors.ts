// The doors of a running daemon that hostile input can come through, and what each of them answered.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CID } from 'multiformats/cid'
import { cairn } from '../support/cairn.ts'
import { pathsBelow } from '../support/dags.ts'
import { type ProbedDaemon, startProbed } from '../support/probed-daemon.ts'

/** Undefined: it did what was asked. Else the words of the refusal. */
export type Refusal = string | undefined

/** A bomb may be read for ever; no test needs more of it, and a reader may always leave. */
const MOST_BYTES = 2_000_000

export class HostileDaemon implements AsyncDisposable {
  readonly repo: string
  readonly probe: ProbedDaemon

  private constructor(repo: string, probe: ProbedDaemon) {
    this.repo = repo
    this.probe = probe
  }

  /** Without grace, so that a case leaves nothing to the next. */
  static async start(repo: string, env: Record<string, string> = {}): Promise<HostileDaemon> {
    return new HostileDaemon(repo, await startProbed({ repo, env: { CAIRN_STORE_GRACE: '0s', ...env } }))
  }

  /** An empty body is no error to Kubo (recorded as `dag-import-error-empty`), so that file comes by the command line. */
  async importCar(car: Uint8Array): Promise<Refusal> {
    if (car.byteLength === 0)
      return (await cairn(['dag', 'import'], { repo: this.repo, input: car })).stderr || undefined
    const { refusal, text } = await this.#post('dag/import?stats=true', car)
    if (refusal !== undefined) return refusal
    for (const line of text.trim().split('\n')) {
      const reason = JSON.parse(line).Root?.PinErrorMsg
      if (reason !== undefined && reason !== '') return String(reason)
    }
    return undefined
  }

  /** Under the codec, version and hash of its CID; what comes back must be that CID. */
  async putBlock(cid: CID, bytes: Uint8Array): Promise<Refusal> {
    const hash = HASH_NAMES[cid.multihash.code] ?? `0x${cid.multihash.code.toString(16)}`
    const form = cid.version === 0 ? 'format=v0' : `cid-codec=${CODEC_NAMES[cid.code] ?? `0x${cid.code.toString(16)}`}`
    const { refusal, text } = await this.#post(`block/put?${form}&mhtype=${hash}`, bytes)
    if (refusal !== undefined) return refusal
    const key = String(JSON.parse(text).Key)
    return CID.parse(key).equals(cid) ? undefined : `stored under ${key}`
  }

  async pin(root: CID): Promise<Refusal> {
    return (await this.#post(`pin/add?arg=${root}`)).refusal
  }

  async ls(root: CID): Promise<{ refusal: Refusal; entries: number }> {
    const { refusal, text } = await this.#post(`ls?arg=${root}&resolve-type=true&stream=true`)
    return { refusal, entries: text.split('\n').filter(line => line.startsWith('{"Objects"')).length }
  }

  async stat(root: CID): Promise<Refusal> {
    return (await this.#post(`dag/stat?arg=${root}&progress=false`)).refusal
  }

  /** As TAR, no more of it than a test wants. */
  async tar(root: CID): Promise<Refusal> {
    return (await this.#post(`get?arg=${root}`)).refusal
  }

  /** By the command line, into a folder whose surroundings must stay as they were. */
  async get(root: CID): Promise<{ refusal: Refusal; inside: number; outside: readonly string[] }> {
    const around = mkdtempSync(join(tmpdir(), 'hostile-'))
    try {
      const ran = await cairn(['get', String(root), '-o', join(around, 'a/b/target')], { repo: this.repo })
      const paths = pathsBelow(around)
      const inside = paths.filter(name => name.startsWith('a/b/target/')).length
      const outside = paths.filter(name => !`a/b/target/`.startsWith(`${name}/`) && !name.startsWith('a/b/target/'))
      if (ran.code === null) throw new Error(`get was ended by ${ran.signal}`)
      return { refusal: ran.code === 0 ? undefined : ran.stderr, inside, outside }
    } finally {
      rmSync(around, { recursive: true, force: true })
    }
  }

  async blockCount(): Promise<number> {
    return JSON.parse((await this.#post('repo/stat')).text).NumObjects
  }

  async pins(): Promise<readonly string[]> {
    const { text } = await this.#post('pin/ls?type=recursive')
    return Object.keys(JSON.parse(text).Keys ?? {})
  }

  /** Back to an empty repository. */
  async forget(): Promise<void> {
    for (const pin of await this.pins()) await this.#post(`pin/rm?arg=${pin}`)
    await this.#post('repo/gc')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.probe.daemon.stop()
  }

  /** Nothing that is asked of it here may take longer than this: a hang, not a measurement. */
  async #post(path: string, bytes?: Uint8Array): Promise<{ refusal: Refusal; text: string }> {
    const init: RequestInit = { method: 'POST', signal: AbortSignal.timeout(30_000) }
    if (bytes !== undefined) {
      const body = new FormData()
      body.append('file', new Blob([new Uint8Array(bytes)]), 'x')
      init.body = body
    }
    const response = await fetch(`${this.probe.daemon.api}/api/v0/${path}`, init)
    const { text, isCut } = await readSome(response)
    if (!response.ok) return { refusal: wordsOf(text), text }
    return { refusal: isCut ? 'the answer broke off' : streamError(text), text }
  }
}

async function readSome(response: Response): Promise<{ text: string; isCut: boolean }> {
  const decoder = new TextDecoder()
  let text = ''
  try {
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true })
      if (text.length > MOST_BYTES) break
    }
  } catch {
    return { text, isCut: true }
  }
  return { text, isCut: false }
}

function wordsOf(text: string): string {
  const message = text.startsWith('{') ? JSON.parse(text).Message : text
  return String(message)
}

/** Kubo's way to fail when the answer has begun: an error document as the last line. */
function streamError(text: string): Refusal {
  const last = text.trimEnd().split('\n').at(-1) ?? ''
  if (!last.startsWith('{"Message"')) return undefined
  return wordsOf(last)
}

const CODEC_NAMES: Record<number, string> = { 85: 'raw', 112: 'dag-pb', 113: 'dag-cbor', 297: 'dag-json' }
const HASH_NAMES: Record<number, string> = { 0: 'identity', 18: 'sha2-256', 19: 'sha2-512' }
