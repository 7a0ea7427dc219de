// Whether a request is taken at all, before it is looked at: the rate of its network, then a place among those that are answered.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { parseRate } from '../../src/config/rate.ts'
import type { Config } from '../../src/config/schema.ts'
import type { Logger } from '../../src/observe/log.ts'
import { METRICS } from '../../src/observe/metrics.ts'
import { CORS } from '../content/respond.ts'
import type { Clients } from './clients.ts'
import { Concurrency, Place } from './concurrency.ts'
import { RateTable } from './rate.ts'

export interface AdmissionOptions {
  readonly config: Pick<Config['gateway'], 'maxRequests' | 'maxRetrievals' | 'clientShare' | 'rate'>
  readonly clients: Clients
  readonly log: Logger
}

export interface Admission {
  readonly concurrency: Concurrency
  /** A place, to be left when the answer has gone. Undefined if the request was refused, which is all of its answer. */
  admit(incoming: IncomingMessage, outgoing: ServerResponse): Place | undefined
}

const REPORT_EVERY_MS = 10_000
const RETRY_SECS = 60

export function createAdmission({ config, clients, log }: AdmissionOptions): Admission {
  const most = (value: number) => (value === 0 ? Number.POSITIVE_INFINITY : value)
  const concurrency = new Concurrency({
    maxRequests: most(config.maxRequests),
    maxRetrievals: most(config.maxRetrievals),
    share: config.clientShare / 100,
  })
  const rate = parseRate(config.rate)
  const rates = rate && new RateTable(rate)
  const report = reporter(log)
  return {
    concurrency,
    admit: (incoming, outgoing) => {
      const network = clients.networkOf(incoming)
      const waitSecs = rates === undefined || network === undefined ? 0 : rates.take(network)
      if (waitSecs > 0) {
        report('rate', network)
        refuse(outgoing, Math.ceil(waitSecs), 'your network makes requests faster than this gateway answers them')
        return undefined
      }
      const place = concurrency.enter(network)
      if (place instanceof Place) return place
      report(place, network)
      refuse(
        outgoing,
        RETRY_SECS,
        place === 'share' ? 'too many requests of your network are being answered' : 'too many requests at once',
      )
      return undefined
    },
  }
}

/** The same for browsers and programs, made of nothing: there is no time for pages when there is no time for requests. */
function refuse(outgoing: ServerResponse, retrySecs: number, why: string): void {
  const body = `${why}; try again in ${retrySecs} s\n`
  outgoing.writeHead(429, {
    ...CORS,
    'Content-Type': 'text/plain; charset=utf-8',
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
    'Retry-After': retrySecs,
    'Content-Length': body.length,
  })
  outgoing.end(outgoing.req.method === 'HEAD' ? undefined : body)
}

/** Each is counted; the log hears of them now and then, or refusing would cost more than answering. */
function reporter(log: Logger): (why: string, network: string | undefined) => void {
  let since = 0
  let reportedAt = Number.NEGATIVE_INFINITY
  return (why, network) => {
    METRICS.gatewayRefused.add(1, { why })
    since++
    const now = performance.now()
    if (now - reportedAt < REPORT_EVERY_MS) return
    log.warn('requests are refused', { why, network: network ?? 'this machine', refused: since })
    reportedAt = now
    since = 0
  }
}
