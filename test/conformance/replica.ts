// The whole replica against one gateway: all cases in order, each with what it remembers from the ones before.

import type { Ask, Case } from './case.ts'
import { cars } from './cases/cars.ts'
import { pathIpns } from './cases/path-ipns.ts'
import { pathJson } from './cases/path-json.ts'
import { pathRawTar } from './cases/path-raw-tar.ts'
import { pathUnixfs } from './cases/path-unixfs.ts'
import { sites } from './cases/sites.ts'
import { subdomain } from './cases/subdomain.ts'
import { trustless } from './cases/trustless.ts'
import { type Answer, exchange } from './exchange.ts'
import { judge } from './judge.ts'
import type { Names } from './names.ts'

export const casesFor = (names: Names): readonly Case[] =>
  [pathUnixfs, pathIpns, pathRawTar, pathJson, trustless, cars, subdomain, sites].flatMap(cases => cases(names))

/** The cases of each function of the suite (spec: gateway §3.1). */
export const GROUPS: Readonly<Record<string, number>> = {
  TestCors: 2,
  TestUnixFSDirectoryListing: 4,
  TestGatewayCache: 16,
  TestGatewaySymlink: 3,
  TestPathGatewayMiscellaneous: 1,
  TestGatewayUnixFSFileRanges: 6,
  TestGatewayCacheWithIPNS: 5,
  TestGatewayIPNSPath: 6,
  TestRedirectCanonicalIPNS: 2,
  TestGatewayIPNSRecordWithSubpath: 1,
  TestGatewayBlock: 6,
  TestTar: 6,
  TestGatewayJsonCbor: 3,
  TestCodecMismatchReturns406: 6,
  TestPlainCodec: 18,
  TestPathing: 6,
  TestNativeDag: 27,
  TestGatewayJSONCborAndIPNS: 8,
  TestTrustlessRaw: 5,
  TestTrustlessRawRanges: 2,
  TestTrustlessCarPathing: 8,
  TestTrustlessCarDagScopeBlock: 6,
  TestTrustlessCarDagScopeEntity: 10,
  TestTrustlessCarDagScopeAll: 4,
  TestTrustlessCarEntityBytes: 22,
  TestTrustlessCarFormatPrecedence: 2,
  TestTrustlessCarOrderAndDuplicates: 7,
  TestGatewayIPNSRecord: 5,
  TestUnixFSDirectoryListingOnSubdomainGateway: 3,
  TestGatewaySubdomains: 21,
  TestGatewaySubdomainAndIPNS: 9,
  TestSubdomainGatewayDNSLinkInlining: 9,
  TestDNSLinkGatewayUnixFSDirectoryListing: 3,
  TestDNSLinkGatewayWithSubpath: 1,
  TestDNSLinkGatewayIPNS: 2,
  TestRedirectsFileSupport: 15,
  TestRedirectsFileSupportWithDNSLink: 2,
  TestRedirectsFileWithIfNoneMatchHeader: 6,
  TestProxyGatewaySubdomains: 3,
  TestProxyTunnelGatewaySubdomains: 3,
}

export interface CaseOutcome {
  readonly group: string
  readonly name: string
  readonly checks: number
  readonly complaints: readonly string[]
}

/** `address` is the `host:port` of the gateway. */
export async function* runReplica(address: string, cases: readonly Case[]): AsyncGenerator<CaseOutcome> {
  const remembered = new Map<string, string>()
  for (const { group, name, asks, expected, isSame } of cases) {
    try {
      const answers: Answer[] = []
      for (const ask of asks) answers.push(await exchange(address, recall(ask, remembered)))
      const answer = answers.at(-1) as Answer
      const { checks, complaints } = judge(answer, expected)
      if (expected.remember !== undefined) {
        const etag = answer.headers.get('etag') ?? ''
        remembered.set(expected.remember.name, expected.remember.bare ? etag.replace(/^"|"$/g, '') : etag)
      }
      const unequal = isSame === true ? judgeSame(answers) : []
      yield { group, name, checks: checks + asks.length, complaints: [...complaints, ...unequal] }
    } catch (error) {
      yield { group, name, checks: 1, complaints: [error instanceof Error ? error.message : String(error)] }
    }
  }
}

/** The suite would take two errors of the same words for the same content. */
function judgeSame(answers: readonly Answer[]): string[] {
  const [first] = answers
  const bad = answers
    .filter(answer => answer.status !== 200 || !answer.isWhole)
    .map(answer => `status ${answer.status}`)
  const isEqual = answers.every(answer => first !== undefined && answer.body.equals(first.body))
  return isEqual ? bad : [...bad, 'the bodies differ']
}

function recall(ask: Ask, remembered: ReadonlyMap<string, string>): Ask {
  const headers = Object.entries(ask.headers ?? {}).map(([name, value]) => [
    name,
    value.replace(/\{(\w+)\}/g, (_, key: string) => remembered.get(key) ?? ''),
  ])
  return { ...ask, headers: Object.fromEntries(headers) as Record<string, string> }
}
