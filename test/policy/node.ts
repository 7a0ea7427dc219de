// A node with its gateway in this process, and the folder of its denylists: changes are waited for by their event.

import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { contentApp } from '../../gateway/content/app.ts'
import { type HttpServer, startServer } from '../../gateway/server.ts'
import { Desk } from '../../gateway/workers/desk.ts'
import { Line, upstreamOver } from '../../gateway/workers/line.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/schema.ts'
import { type LocalNode, openNode } from '../../src/node/open.ts'
import { openReader, type Reader } from '../../src/node/reader.ts'
import { SILENT } from '../../src/observe/log.ts'
import { denyPaths } from '../../src/policy/deny-paths.ts'
import { temporaryFolder } from '../support/cairn.ts'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
  /** The connection broke before the end. */
  readonly isCut: boolean
}

/** Who serves: the node itself, or a gateway worker's reader beside it. */
export type Serving = 'daemon' | 'worker'

export class DenyNode implements AsyncDisposable {
  readonly node: LocalNode
  readonly repo: string
  readonly #reader: Reader | undefined
  readonly #server: HttpServer

  private constructor(node: LocalNode, reader: Reader | undefined, repo: string, server: HttpServer) {
    this.node = node
    this.#reader = reader
    this.repo = repo
    this.#server = server
  }

  static async start(settings: Readonly<Record<string, string>> = {}, by: Serving = 'daemon'): Promise<DenyNode> {
    const repo = join(temporaryFolder('deny'), 'repo')
    const config = configOf(repo, settings)
    const node = await openNode({ repo, config, log: SILENT, role: 'daemon', network: 'never', createIfMissing: true })
    const reader = by === 'worker' ? await readerBeside(node, repo, config) : undefined
    const server = await startServer({
      name: 'gateway',
      configKey: 'gateway.listen',
      flag: '--gateway',
      listen: '127.0.0.1:0',
      app: contentApp({ node: reader ?? node, config, log: SILENT }),
      log: SILENT,
    })
    // From here on nothing but a change of its files changes the lists.
    void [node.denylist.lists, reader?.denylist.lists]
    return new DenyNode(node, reader, repo, server)
  }

  /** Resolves when the list is in force, as a whole or not at all. */
  async put(name: string, content: string | Uint8Array): Promise<void> {
    const { folder } = denyPaths(this.repo)
    mkdirSync(folder, { recursive: true })
    await this.#change(() => {
      writeFileSync(join(folder, `${name}.new`), content)
      renameSync(join(folder, `${name}.new`), join(folder, `${name}.deny`))
    })
  }

  async remove(name: string): Promise<void> {
    await this.#change(() => rmSync(join(denyPaths(this.repo).folder, `${name}.deny`)))
  }

  async #change(act: () => void): Promise<void> {
    const lists = [this.node.denylist, ...(this.#reader === undefined ? [] : [this.#reader.denylist])]
    const changes = lists.map(list => {
      const { promise, resolve } = Promise.withResolvers<void>()
      const forget = list.onChange(resolve)
      return promise.then(forget)
    })
    act()
    await Promise.all(changes)
  }

  /** The path as it is: `fetch` would take dots out of it. */
  get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    const { port } = this.#server
    const asked = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, incoming => {
      const chunks: Buffer[] = []
      const done = (isCut: boolean) =>
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(chunks), isCut })
      incoming.on('data', chunk => chunks.push(chunk))
      incoming.on('end', () => done(!incoming.complete))
      incoming.on('error', () => done(true))
    })
    asked.on('error', reject)
    asked.end()
    return promise
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.close({ drainMs: 0 })
    await this.#reader?.[Symbol.asyncDispose]()
    await this.node[Symbol.asyncDispose]()
  }
}

/** In this process, so that its changes can be waited for. */
function readerBeside(node: LocalNode, repo: string, config: Config): Promise<Reader> {
  const desk: Desk = new Desk({
    node,
    send: message => {
      if (message.type === 'event' || message.type === 'end') line.receive(message)
    },
  })
  const line: Line = new Line(message => {
    if (message.type === 'ask' || message.type === 'cancel') desk.receive(message)
  })
  return openReader({ repo, config, log: SILENT, upstream: upstreamOver(line) })
}

export function configOf(repo: string, settings: Readonly<Record<string, string>> = {}): Config {
  const flags = Object.entries({ mode: 'offline', ...settings }).map(([key, value]) => ({ key, value, flag: 'test' }))
  return loadConfig({ repo, env: {}, flags }).config
}
