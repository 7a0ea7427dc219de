// The pre-shared key of a private network, in the file format that Kubo has; without it a private node does not start.

import { randomBytes } from 'node:crypto'
import { access, readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Config } from '../config/schema.ts'
import { CairnError } from '../errors.ts'

const FORMAT = /^\/key\/swarm\/psk\/1\.0\.0\/\r?\n\/base16\/\r?\n[0-9a-fA-F]{64}\s*$/

/** The file's bytes, as libp2p's protector takes them; undefined where the mode needs none. */
export async function loadSwarmKey(repo: string, config: Config): Promise<Uint8Array | undefined> {
  const file = resolve(repo, config.swarm.key)
  if (config.mode !== 'private') {
    if (await exists(file)) refuseToIgnore(file, config.mode)
    return undefined
  }
  const text = await readFile(file, 'utf8').catch(cause => {
    throw new CairnError('BAD_CONFIG', `mode is private, and the swarm key ${file} cannot be read`, {
      cause,
      hint: 'put the swarm.key file of your network there, or name it with the config key swarm.key',
    })
  })
  if (!FORMAT.test(text)) {
    throw new CairnError('BAD_CONFIG', `${file} is not a swarm key`, {
      hint: 'it has three lines: /key/swarm/psk/1.0.0/, /base16/, and 64 hexadecimal digits',
    })
  }
  return Buffer.from(text.trim())
}

/** A new key for a network of one's own: every member gets a copy of this text as its `swarm.key`. */
export function generateSwarmKey(): string {
  return `/key/swarm/psk/1.0.0/\n/base16/\n${randomBytes(32).toString('hex')}\n`
}

/** Someone who put a key there meant to be alone; going out without it would show the content to everyone. */
function refuseToIgnore(file: string, mode: string): never {
  throw new CairnError('BAD_CONFIG', `there is a swarm key at ${file}, but the mode is ${mode}`, {
    hint: 'set the config key mode to private, or move the key away',
  })
}

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  )
