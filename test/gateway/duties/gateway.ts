// A gateway for the duties of §5: the content of "better than Kubo", every kind of host, and a site for each key and DNSLink.

import { base32 } from 'multiformats/bases/base32'
import type { CID } from 'multiformats/cid'
import { inSeconds, makePublisher, makeRecord } from '../../names/signing.ts'
import { type Answer, readAnswer } from '../better/case.ts'
import { makeWorld, type World } from '../better/world.ts'
import { memoryNames, rawExchange, startGateway, type TestGateway, type TestGatewayOptions } from '../support.ts'

export interface DutyGateway extends AsyncDisposable {
  readonly world: World
  readonly gateway: TestGateway
  /** A key whose record ends in 100 seconds, and would be kept for 300. */
  readonly brief: string
  /** A key whose record leads to itself. */
  readonly loop: string
  /** A request in whole: its line, Host and headers. */
  ask(head: string): Promise<Answer>
}

const HOSTS = [
  'localhost',
  'gw.test',
  'trust.test paths trustless',
  'only.test ipfs-only',
  'nodns.test paths no-dnslink',
  '*.wild.test',
  'port.test:1234 paths trustless',
]

export async function startDuties(options: TestGatewayOptions = {}): Promise<DutyGateway> {
  const world = await makeWorld()
  const names = memoryNames(Object.entries(world.dnslinks).map(([name, path]) => `${name}:${path}`))
  const wait = { signal: new AbortController().signal }
  const [brief, loop] = [await makePublisher(), await makePublisher()]
  await names.put(world.publisher.name.text, world.record, wait)
  const short = await makeRecord(brief, { value: `/ipfs/${world.folder}`, validity: inSeconds(100) })
  await names.put(brief.name.text, short, wait)
  await names.put(loop.name.text, await makeRecord(loop, { value: `/ipns/${loop.name.text}` }), wait)
  const node = { names, ...options.node }
  const gateway = await startGateway({ memory: world.memory, hosts: HOSTS, ...options, node })
  return {
    world,
    gateway,
    brief: brief.name.text,
    loop: loop.name.text,
    ask: async head => readAnswer(await rawExchange(gateway.server.port, head)),
    [Symbol.asyncDispose]: () => gateway.close(),
  }
}

/** The host of a root below the gateway. */
export const hostOf = (cid: CID): string => `${cid.toV1().toString(base32)}.ipfs.gw.test`

/** Seconds that an answer may be kept, or NaN. */
export const maxAge = (answer: Answer): number => Number(/max-age=(\d+)/.exec(answer.header('cache-control'))?.[1])
