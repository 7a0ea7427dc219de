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

/** A daemon with a gateway: what it serves subdomains of, and the DNSLinks it knows. */
export interface KuboGateway {
  /** It looks for what it lacks, for so long; undefined: it is offline. */
  readonly retrievalTimeout?: string
  readonly hosts: readonly string[]
  readonly dnslinks: Readonly<Record<string, string>>
}

export interface KuboOptions {
  readonly swarmKey?: string
  readonly gateway?: KuboGateway
  readonly router?: string
  /** It serves and forwards HTTP over libp2p. */
  readonly hasStreams?: boolean
}

export class Kubo implements AsyncDisposable {
  readonly #binary: string
  readonly #repo = mkdtempSync(join(tmpdir(), 'kubo-'))
  #daemon: ChildProcess | undefined

  constructor(binary: string) {
    this.#binary = binary
  }

  /** `router`: whose /routing/v1 it asks for everything, and tells its names. */
  static async start({ swarmKey, gateway, router, hasStreams = false }: KuboOptions = {}): Promise<Kubo> {
    const kubo = new Kubo(findKubo() ?? 'ipfs')
    await kubo.run(['init', '--profile=test'])
    kubo.#configure(gateway, router, hasStreams)
    if (swarmKey !== undefined) writeFileSync(join(kubo.#repo, 'swarm.key'), swarmKey)
    await kubo.#startDaemon(gateway)
    return kubo
  }

  /** `host:port` of its gateway, if it was started with one. */
  gatewayAddress(): string {
    return new URL(readFileSync(join(this.#repo, 'gateway'), 'utf8').trim()).host
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

  #configure(gateway: KuboGateway | undefined, router: string | undefined, hasStreams: boolean): void {
    const file = join(this.#repo, 'config')
    const config = JSON.parse(readFileSync(file, 'utf8'))
    config.Addresses = {
      ...config.Addresses,
      Swarm: ['/ip4/127.0.0.1/tcp/0'],
      API: '/ip4/127.0.0.1/tcp/0',
      Gateway: gateway === undefined ? [] : '/ip4/127.0.0.1/tcp/0',
    }
    if (gateway !== undefined) {
      const rules = { Paths: ['/ipfs', '/ipns'], UseSubdomains: true, InlineDNSLink: true }
      config.Gateway = {
        ...config.Gateway,
        PublicGateways: Object.fromEntries(gateway.hosts.map(host => [host, rules])),
        ...(gateway.retrievalTimeout !== undefined && { RetrievalTimeout: gateway.retrievalTimeout }),
      }
    }
    config.Bootstrap = []
    config.Routing = router === undefined ? { Type: 'none' } : { Type: 'delegated', DelegatedRouters: [router] }
    if (router !== undefined) {
      config.Ipns = { ...config.Ipns, DelegatedPublishers: [router] }
      config.Provide = { ...config.Provide, Enabled: false }
    }
    config.Experimental = { ...config.Experimental, Libp2pStreamMounting: hasStreams, GatewayOverLibp2p: hasStreams }
    config.AutoConf = { ...config.AutoConf, Enabled: false }
    config.Swarm = {
      ...config.Swarm,
      Transports: { Network: { QUIC: false, WebTransport: false, WebRTCDirect: false } },
    }
    writeFileSync(file, JSON.stringify(config))
  }

  async #startDaemon(gateway: KuboGateway | undefined): Promise<void> {
    let output = ''
    const isOnline = gateway === undefined || gateway.retrievalTimeout !== undefined
    const args = isOnline ? ['daemon'] : ['daemon', '--offline']
    const names = Object.entries(gateway?.dnslinks ?? {}).map(([name, path]) => `${name}:${path}`)
    const env = { ...this.#env(), ...(names.length > 0 && { IPFS_NS_MAP: names.join(',') }) }
    const daemon = spawn(this.#binary, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [daemon.stdout, daemon.stderr]) stream.on('data', chunk => (output += chunk))
    this.#daemon = daemon
    for (const end = Date.now() + READY_MS; Date.now() < end && daemon.exitCode === null; await sleep(50)) {
      if (output.includes('Daemon is ready')) return
    }
    throw new Error(`Kubo did not start:\n${output}`)
  }
}
