// `cairn sign`: an address that opens content for a while, where the gateway asks for one (`gateway.signedUrls`).

import { signAddress } from '../../gateway/safety/sign-address.ts'
import { parseClient } from '../../gateway/safety/signature.ts'
import { placeText } from '../../gateway/safety/signed.ts'
import { loadSigningKey } from '../../gateway/safety/signing-keys.ts'
import { CairnError } from '../../src/errors.ts'
import { checkRepoExists } from '../../src/store/repo.ts'
import { parseDuration } from '../../src/units.ts'
import { command as define } from '../command.ts'
import { print } from '../print.ts'

const DEFAULT_EXPIRY = '1h'
/** Longer is a mistake: such an address can only be taken back together with its key. */
const LONGEST = '3650d'

export const command = define({
  args: [{ name: 'ADDRESS', doc: 'A URL of the gateway, /ipfs/CID/path, /ipns/NAME/path or a CID', many: true }],
  flags: {
    expires: { type: 'duration', value: 'TIME', default: DEFAULT_EXPIRY, doc: 'How long the address works' },
    key: { type: 'string', value: 'NAME', default: 'main', doc: 'The key to sign with; made if it is not there' },
    host: {
      type: 'string',
      value: 'HOST',
      doc: 'It works on this host of the gateway only, with its port if it has one',
    },
    client: { type: 'string', value: 'RANGE', doc: 'It works for this IP address or range only' },
  },
  examples: [
    'cairn sign /ipfs/CID/folder --expires 1d',
    'cairn sign https://gateway.example.com/ipfs/CID/film.mp4 --client 203.0.113.0/24',
    'cairn sign CID --key partners',
  ],
  details: [
    'The signature holds for the path and everything below it, on every kind of host, until it expires. A gateway looks at signatures if its config key gateway.signedUrls says so.',
    'Keys are files in the folder signing-keys of the repository. Whoever has one can sign; removing one ends every address that was made with it, within seconds.',
  ],
  run: async context => {
    const { args, flags, session } = context
    const { expires = parseDuration(DEFAULT_EXPIRY), key: keyName = 'main', host, client } = flags
    if (expires < 1000 || expires > parseDuration(LONGEST))
      throw new CairnError('USAGE', '--expires: an address can work from 1s to 3650d', { hint: 'as in 1h or 7d' })
    if (host !== undefined && !/^[\w.[\]:-]+$/.test(host))
      throw new CairnError('USAGE', `--host: "${host}" is not a host`, { hint: 'as in gateway.example.com:8080' })
    checkRepoExists(session.repo)
    const grant = {
      keyName,
      expiresSecs: Math.floor((Date.now() + expires) / 1000),
      host,
      client: client === undefined ? undefined : parseClient(client),
    }
    const key = loadSigningKey(session.repo, keyName, { create: true })
    for (const text of args) {
      const { address, place } = signAddress(text, grant, key)
      const expiresAt = new Date(grant.expiresSecs * 1000).toISOString()
      print(context, {
        json: { address, path: placeText(place), expires: expiresAt, key: keyName },
        quiet: address,
        text: address,
      })
    }
  },
})
