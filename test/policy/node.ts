// A node with its gateway in this process, and the folder of its denylists: changes are waited for by their event.

import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { contentApp } from '../../gateway/content/app.ts'
import { type HttpServer, startServer } from '../../gateway/server.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/schema.ts'
import { type LocalNode, openNode } from '../../src/node/open.ts'
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

export class DenyNode implements AsyncDisposable {
  readonly node: LocalNode
  readonly repo: string
  readonly #server: HttpServer

  private constructor(node: LocalNode, repo: string, server: HttpServer) {
    this.node = node
    this.repo = repo
    this.#server = server
  }

  static async start(settings: Readonly<Record<string, string>> = {}): Promise<DenyNode> {
    const repo = join(temporaryFolder('deny'), 'repo')
    const config = configOf(repo, settings)
    const node = await openNode({ repo, config, log: SILENT, role: 'daemon', network: 'never', createIfMissing: true })
    const server = await startServer({
      name: 'gateway',
      configKey: 'gateway.listen',
      flag: '--gateway',
      listen: '127.0.0.1:0',
      app: contentApp({ node, config, log: SILENT }),
      log: SILENT,
    })
    // From here on nothing but a change of its files changes the lists.
    void node.denylist.lists
    return new DenyNode(node, repo, server)
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
    const { promise, resolve } = Promise.withResolvers<void>()
    const forget = this.node.denylist.onChange(resolve)
    act()
    await promise
    forget()
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
    await this.node[Symbol.asyncDispose]()
  }
}

export function configOf(repo: string, settings: Readonly<Record<string, string>> = {}): Config {
  const flags = Object.entries({ mode: 'offline', ...settings }).map(([key, value]) => ({ key, value, flag: 'test' }))
  return loadConfig({ repo, env: {}, flags }).config
}
