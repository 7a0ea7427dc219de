// A real Kubo daemon on loopback with a repository of its own, for as long as one scenario runs.

import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const READY_MS = 30_000
const COMMAND_MS = 30_000

/** `ipfs` in the folder $CAIRN_PEERS, else on the PATH. */
export function findKubo(): string | undefined {
  const folders = [process.env.CAIRN_PEERS ?? '', ...(process.env.PATH ?? '').split(delimiter)].filter(Boolean)
  return folders.map(folder => join(folder, 'ipfs')).find(file => existsSync(file))
}

export class Kubo implements AsyncDisposable {
  readonly #binary: string
  readonly #repo = mkdtempSync(join(tmpdir(), 'kubo-'))
  #daemon: ChildProcess | undefined

  constructor(binary: string) {
    this.#binary = binary
  }

  static async start({ swarmKey }: { swarmKey?: string } = {}): Promise<Kubo> {
    const kubo = new Kubo(findKubo() ?? 'ipfs')
    await kubo.run(['init', '--profile=test'])
    kubo.#configure()
    if (swarmKey !== undefined) writeFileSync(join(kubo.#repo, 'swarm.key'), swarmKey)
    await kubo.#startDaemon()
    return kubo
  }

  /** Runs `ipfs` with these arguments and gives what it wrote to stdout. */
  run(args: readonly string[], input?: Uint8Array): Promise<Buffer> {
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
    const options = { env: this.#env(), encoding: 'buffer', timeout: COMMAND_MS, maxBuffer: 2 ** 30 } as const
    const child = execFile(this.#binary, args, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout)
      else reject(new Error(`ipfs ${args.join(' ')}: ${stderr}`, { cause: error }))
    })
    child.stdin?.end(input)
    return promise
  }

  async text(args: readonly string[], input?: Uint8Array): Promise<string> {
    return (await this.run(args, input)).toString('utf8').trim()
  }

  /** A loopback TCP address with its peer id. */
  async address(): Promise<string> {
    const { Addresses } = JSON.parse(await this.text(['id'])) as { Addresses: string[] }
    const found = Addresses.find(address => /^\/ip4\/127\.0\.0\.1\/tcp\/\d+\/p2p\//.test(address))
    if (found === undefined) throw new Error(`Kubo listens on ${Addresses}`)
    return found
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const daemon = this.#daemon
    if (daemon === undefined || daemon.exitCode !== null) return
    daemon.kill('SIGKILL')
    await new Promise(resolve => daemon.once('close', resolve))
  }

  #env(): NodeJS.ProcessEnv {
    return { ...process.env, IPFS_PATH: this.#repo, IPFS_TELEMETRY: 'off' }
  }

  #configure(): void {
    const file = join(this.#repo, 'config')
    const config = JSON.parse(readFileSync(file, 'utf8'))
    config.Addresses = {
      ...config.Addresses,
      Swarm: ['/ip4/127.0.0.1/tcp/0'],
      API: '/ip4/127.0.0.1/tcp/0',
      Gateway: [],
    }
    config.Bootstrap = []
    config.Routing = { Type: 'none' }
    config.AutoConf = { ...config.AutoConf, Enabled: false }
    config.Swarm = {
      ...config.Swarm,
      Transports: { Network: { QUIC: false, WebTransport: false, WebRTCDirect: false } },
    }
    writeFileSync(file, JSON.stringify(config))
  }

  async #startDaemon(): Promise<void> {
    let output = ''
    const daemon = spawn(this.#binary, ['daemon'], { env: this.#env(), stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [daemon.stdout, daemon.stderr]) stream.on('data', chunk => (output += chunk))
    this.#daemon = daemon
    for (const end = Date.now() + READY_MS; Date.now() < end && daemon.exitCode === null; await sleep(50)) {
      if (output.includes('Daemon is ready')) return
    }
    throw new Error(`Kubo did not start:\n${output}`)
  }
}
