// The node's identity: an Ed25519 key in the repository, read without loading libp2p, so that `id` is instant and works offline.

import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto'
import { link, mkdir, open, readFile, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { base58btc } from 'multiformats/bases/base58'
import { CairnError } from '../errors.ts'

const FILE = 'identity.key'
/** libp2p's key protobuf: field 1 = key type (1: Ed25519), field 2 = the key. The private one is seed and public key together. */
const PRIVATE_HEAD = Buffer.from([0x08, 0x01, 0x12, 0x40])
const PUBLIC_HEAD = Buffer.from([0x08, 0x01, 0x12, 0x20])
/** PKCS #8 of an Ed25519 seed is this and the seed (RFC 8410 §7). */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex')
const SEED_BYTES = 32

export interface Identity {
  readonly peerId: string
  /** Base64 of the public key's protobuf, as `ipfs id` shows it. */
  readonly publicKey: string
  /** The private key's protobuf, as libp2p and Kubo's config have it. */
  readonly privateKey: Uint8Array
}

/** Reads the repository's identity and makes one at the first call; safe beside other processes that do the same. */
export async function loadIdentity(repo: string): Promise<Identity> {
  const file = join(repo, FILE)
  return (await readIdentity(file)) ?? (await createIdentity(repo, file))
}

/** A name for the duration of one command: two processes under one peer id would get each other's answers. */
export function ephemeralIdentity(): Identity {
  return identityOf(seedOf(generateKeyPairSync('ed25519').privateKey))
}

async function readIdentity(file: string): Promise<Identity | undefined> {
  let bytes: Buffer
  try {
    bytes = await readFile(file)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new CairnError('READ_FAILED', `the identity key ${file} cannot be read`, { cause })
  }
  const identity = parse(bytes)
  if (identity !== undefined) return identity
  throw new CairnError('REPO_DAMAGED', `${file} is not an Ed25519 key of libp2p`, {
    hint: 'restore it from a backup; or remove it, and the node gets a new peer id',
  })
}

function parse(bytes: Buffer): Identity | undefined {
  if (bytes.length !== PRIVATE_HEAD.length + 2 * SEED_BYTES || !bytes.subarray(0, 4).equals(PRIVATE_HEAD))
    return undefined
  const identity = identityOf(bytes.subarray(4, 4 + SEED_BYTES))
  return bytes.equals(identity.privateKey) ? identity : undefined
}

async function createIdentity(repo: string, file: string): Promise<Identity> {
  const identity = ephemeralIdentity()
  // Named after its process, so that it is known to be left over once that has died.
  const temporary = `${file}.${process.pid}-${randomUUID()}.tmp`
  await mkdir(repo, { recursive: true })
  const handle = await open(temporary, 'wx', 0o600)
  try {
    await handle.writeFile(identity.privateKey)
    await handle.sync()
  } finally {
    await handle.close()
  }
  // link, not rename: whoever comes second must take the first one's key, not replace it.
  const mine = await link(temporary, file).then(
    () => true,
    error => isExisting(error),
  )
  await unlink(temporary)
  await syncFolder(repo)
  return mine ? identity : ((await readIdentity(file)) ?? identity)
}

function isExisting(error: NodeJS.ErrnoException): false {
  if (error.code !== 'EEXIST') throw new CairnError('READ_ONLY', 'the identity key cannot be written', { cause: error })
  return false
}

async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function seedOf(key: KeyObject): Buffer {
  return key.export({ format: 'der', type: 'pkcs8' }).subarray(PKCS8_HEAD.length)
}

function identityOf(seed: Buffer): Identity {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, seed]), format: 'der', type: 'pkcs8' })
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-SEED_BYTES)
  const publicProtobuf = Buffer.concat([PUBLIC_HEAD, publicKey])
  // A key of up to 42 bytes is its own peer id, as an identity multihash (libp2p peer-ids).
  const multihash = Buffer.concat([Buffer.from([0x00, publicProtobuf.length]), publicProtobuf])
  return {
    peerId: base58btc.baseEncode(multihash),
    publicKey: publicProtobuf.toString('base64'),
    privateKey: Buffer.concat([PRIVATE_HEAD, seed, publicKey]),
  }
}
