// Lists of IP addresses and ranges, as the configuration writes them: `127.0.0.1`, `10.0.0.0/8`, `fd00::/8`.

import { BlockList, isIP } from 'node:net'
import { CairnError } from '../errors.ts'

export interface AddressList {
  has(address: string): boolean
}

/** BAD_CONFIG, naming the key, for what is none. */
export function addressList(key: string, entries: readonly string[]): AddressList {
  const list = new BlockList()
  for (const text of entries) addRange(list, key, text)
  return {
    has: address => {
      const version = isIP(address)
      return version !== 0 && list.check(address, version === 4 ? 'ipv4' : 'ipv6')
    },
  }
}

/** An IPv4 address that came in on an IPv6 socket is an IPv4 address. */
export const plainAddress = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, '')

function addRange(list: BlockList, key: string, text: string): void {
  const [address = '', prefix] = text.split('/')
  const version = isIP(address)
  const most = version === 4 ? 32 : 128
  const bits = prefix === undefined ? most : Number(prefix)
  if (version === 0 || !/^\d*$/.test(prefix ?? '') || bits > most) {
    throw new CairnError('BAD_CONFIG', `${key}: "${text}" is no IP address or range`, {
      hint: 'as in 127.0.0.1, 10.0.0.0/8 or fd00::/8',
    })
  }
  list.addSubnet(address, bits, version === 4 ? 'ipv4' : 'ipv6')
}
