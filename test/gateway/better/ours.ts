// Cairn's gateways over the content of "better than Kubo": one offline, one whose network finds nothing.

import type { CID } from 'multiformats/cid'
import type { BlockSource } from '../../../src/block/source.ts'
import { CairnError } from '../../../src/errors.ts'
import { denylistOf } from '../../policy/support.ts'
import { MemoryBlocks } from '../../support/memory-blocks.ts'
import { memoryNames, rawExchange, startGateway, type TestGateway } from '../support.ts'
import { CACHING_CASES } from './caching.ts'
import { type Answer, type BetterCase, readAnswer } from './case.ts'
import { FORMAT_CASES } from './formats.ts'
import { HOST_CASES } from './hosts.ts'
import type { World } from './world.ts'

/** Every row that one request can show, in the order of §6. */
export const BETTER_CASES: readonly BetterCase[] = [...FORMAT_CASES, ...CACHING_CASES, ...HOST_CASES].toSorted(
  (a, b) => a.row - b.row,
)

/** Kubo knows no hints that decide the status. */
export const denylist = ({ denied }: World): string =>
  `version: 1\nhints:\n  code: 451\n  blocked_by: https://court.example\n---\n/ipfs/${denied}\n`

/** What it has it gives; for the rest it searches until it is told to stop. */
class VainNetwork extends MemoryBlocks implements BlockSource {
  readonly #here: MemoryBlocks

  constructor(here: MemoryBlocks) {
    super()
    this.#here = here
  }

  override has = (cid: CID): boolean => this.#here.has(cid)

  override async get(cid: CID, { signal }: { signal: AbortSignal }): Promise<Uint8Array> {
    if (this.has(cid)) return this.#here.get(cid, { signal })
    await new Promise(resolve => signal.addEventListener('abort', resolve))
    throw new CairnError('UNREACHABLE', `no peer gave ${cid}`, { cause: signal.reason })
  }
}

export interface Ours extends AsyncDisposable {
  ask(better: BetterCase): Promise<Answer>
}

export async function startOurs(world: World): Promise<Ours> {
  const names = memoryNames(Object.entries(world.dnslinks).map(([name, path]) => `${name}:${path}`))
  await names.put(world.publisher.name.text, world.record, { signal: new AbortController().signal })
  const common = {
    memory: world.memory,
    hosts: ['localhost', 'gw.test'],
    showRules: true,
    node: { names, denylist: denylistOf(denylist(world)) },
  }
  const offline = await startGateway(common)
  const online = await startGateway({ ...common, network: new VainNetwork(world.memory), retrievalTimeout: '100ms' })
  const serverOf = ({ isOnline }: BetterCase): TestGateway => (isOnline === true ? online : offline)
  return {
    ask: better => exchange(serverOf(better).server.port, better, world),
    [Symbol.asyncDispose]: async () => void (await Promise.all([offline.close(), online.close()])),
  }
}

export async function exchange(port: number, better: BetterCase, world: World): Promise<Answer> {
  return readAnswer(await rawExchange(port, better.send(world).replaceAll('PORT', `${port}`)))
}
