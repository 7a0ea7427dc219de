// IPNS records from the DHT: asked of the peers that keep them, and taken as they come rather than at the end of the search.

import type { KadDHT, SelectFn, ValidateFn } from '@libp2p/kad-dht'
import { decode as decodeDigest } from 'multiformats/hashes/digest'
import type { Wait } from '../block/source.ts'
import { CairnError } from '../errors.ts'
import { type KeyName, keyName } from '../names/name.ts'
import { readRecord } from '../names/record.ts'
import { validateRecord } from '../names/validate.ts'

const PREFIX = Buffer.from('/ipns/')
/** Peers whose word is waited for, once there is a first one; Kubo waits for 16, or a minute. */
const ENOUGH = 5
const SETTLE_MS = 3000

/**
 * What the DHT calls for every record that it meets. Only what this node looks for itself is good: a server that keeps the
 * records of strangers would let them fill its disk, since the library never forgets any.
 */
export class WantedRecords {
  readonly #wanted = new Map<string, number>()

  readonly validate: ValidateFn = async (key, value, options) => {
    const name = nameOf(key)
    if (!this.#wanted.has(name.text)) throw new CairnError('FORBIDDEN', 'this node keeps no records for others')
    await validateRecord(name, value, { signal: options?.signal ?? AbortSignal.timeout(SETTLE_MS) })
  }

  /** Index of the newest. */
  readonly select: SelectFn = (_key, values) => {
    const records = values.map(value => readRecord(value))
    const best = records.reduce((a, b) => (isNewer(b, a) ? b : a))
    return records.indexOf(best)
  }

  async during<T>(name: KeyName, work: () => Promise<T>): Promise<T> {
    this.#wanted.set(name.text, (this.#wanted.get(name.text) ?? 0) + 1)
    try {
      return await work()
    } finally {
      const others = (this.#wanted.get(name.text) ?? 1) - 1
      if (others === 0) this.#wanted.delete(name.text)
      else this.#wanted.set(name.text, others)
    }
  }
}

type Content = ReturnType<typeof readRecord>

const isNewer = (a: Content, b: Content): boolean =>
  a.sequence === b.sequence ? a.validUntilNs > b.validUntilNs : a.sequence > b.sequence

function nameOf(key: Uint8Array): KeyName {
  if (Buffer.compare(key.subarray(0, PREFIX.byteLength), PREFIX) !== 0)
    throw new CairnError('BAD_NAME', 'the key of the record is no IPNS name')
  return keyName(decodeDigest(key.subarray(PREFIX.byteLength)))
}

/** Undefined in the modes without one. */
export const dhtOf = ({ services }: { readonly services: object }): Pick<KadDHT, 'get'> | undefined =>
  'dht' in services ? (services.dht as KadDHT) : undefined

/** All records that came, each valid by its own; NAME_NOT_FOUND if none did. */
export async function searchRecords(
  dht: Pick<KadDHT, 'get'> | undefined,
  wanted: WantedRecords,
  name: KeyName,
  { signal }: Wait,
): Promise<Uint8Array[]> {
  if (dht === undefined)
    throw new CairnError('NAME_NOT_FOUND', `could not resolve name: no record of ${name.text} is stored here`, {
      hint: 'a node in this mode asks no DHT: put the record here, or name routers (ipns.routers)',
    })
  const key = Buffer.concat([PREFIX, name.multihash.bytes])
  const settled = new AbortController()
  const stop = AbortSignal.any([signal, settled.signal])
  const found: Uint8Array[] = []
  let timer: NodeJS.Timeout | undefined
  try {
    await wanted.during(name, async () => {
      for await (const event of dht.get(key, { signal: stop })) {
        if (event.name !== 'PEER_RESPONSE' || event.record === undefined) continue
        if (Buffer.compare(event.record.key, key) !== 0) continue
        found.push(event.record.value)
        timer ??= setTimeout(() => settled.abort(), SETTLE_MS)
        if (found.length >= ENOUGH) break
      }
    })
  } catch (cause) {
    // Corrections that others refuse, and the end of our own patience, take nothing away from what came.
    if (found.length === 0) throw failed(name, cause, signal)
  } finally {
    clearTimeout(timer)
  }
  if (found.length === 0)
    throw new CairnError('NAME_NOT_FOUND', `could not resolve name: the DHT has no record of ${name.text}`)
  return found
}

function failed(name: KeyName, cause: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason
  return new CairnError('UNREACHABLE', `the DHT could not be asked for the record of ${name.text}`, { cause })
}
