// The flags of `cairn add`: those of `ipfs add`, long and short.

import type { FlagSpecs } from './command.ts'

export const addFlags = {
  quieter: { type: 'boolean', short: 'Q', doc: 'Print the CID of the last root alone' },
  silent: { type: 'boolean', doc: 'Print nothing' },
  'only-hash': { type: 'boolean', short: 'n', doc: 'Only compute the CIDs, store nothing' },
  'wrap-with-directory': { type: 'boolean', short: 'w', doc: 'Put it into a folder, so that names are kept' },
  pin: { type: 'boolean', default: 'true', doc: 'Do not pin: kept for `store.grace`, then until its room is needed' },
  'pin-name': { type: 'string', value: 'TEXT', doc: 'A name for the pin' },
  'to-files': { type: 'string', value: 'PATH', doc: 'Also link the result there in the mutable files' },
  hidden: { type: 'boolean', short: 'H', doc: 'Take hidden files too' },
  ignore: { type: 'string', value: 'RULE', multiple: true, doc: 'Leave out what this rule (as in .gitignore) names' },
  'ignore-rules-path': { type: 'string', value: 'FILE', doc: 'Leave out what the rules in this file name' },
  'empty-dirs': { type: 'boolean', short: 'E', default: 'true', doc: 'Leave out empty folders' },
  'dereference-symlinks': { type: 'boolean', doc: 'Take what symlinks point to, instead of the links' },
  'dereference-args': { type: 'boolean', doc: 'The same, for the paths given only' },
  'stdin-name': { type: 'string', value: 'NAME', doc: 'What stdin is called' },
  profile: {
    type: 'string',
    value: 'NAME',
    values: ['unixfs-v1-2025', 'unixfs-v0-2015', 'kubo-default'],
    doc: 'How files become blocks, hence their CIDs; the config key import.profile sets the default',
  },
  chunker: { type: 'string', short: 's', value: 'KIND', doc: 'size-BYTES, rabin-MIN-AVG-MAX or buzhash' },
  'cid-version': { type: 'number', value: '0|1', doc: 'Version of the CIDs' },
  'raw-leaves': { type: 'boolean', doc: 'Store file data without a wrapper' },
  hash: { type: 'string', value: 'NAME', doc: 'Hash function, such as sha2-256 or blake3' },
  trickle: { type: 'boolean', short: 't', doc: 'Arrange blocks for reading from the start' },
  'max-file-links': { type: 'number', value: 'N', doc: 'Links in one node of a file' },
  'max-directory-links': { type: 'number', value: 'N', doc: 'Entries in a folder before it is sharded' },
  'max-hamt-fanout': { type: 'number', value: 'N', doc: 'Width of sharded folders: a power of 2 from 8 to 1024' },
  inline: { type: 'boolean', doc: 'Put small blocks into their CIDs' },
  'inline-limit': { type: 'number', value: 'BYTES', doc: 'The largest block to put into a CID, at most 128' },
  'preserve-mode': { type: 'boolean', doc: 'Keep the permissions of files' },
  'preserve-mtime': { type: 'boolean', doc: 'Keep the modification times of files' },
  mode: { type: 'number', value: 'MODE', doc: 'Permissions for everything, such as 0644' },
  mtime: { type: 'number', value: 'SECONDS', doc: 'Modification time for everything, since 1970' },
  'mtime-nsecs': { type: 'number', value: 'N', doc: 'Its nanoseconds' },
  recursive: { type: 'boolean', short: 'r', doc: 'Not needed: folders are taken whole', hidden: true },
} as const satisfies FlagSpecs

export const addExamples = [
  'cairn add photos/                       # a folder, all of it',
  'cairn add -Q report.pdf                 # the CID alone, for scripts',
  'tar c src | cairn add --stdin-name src.tar -w',
  'cairn add -n -Q --profile kubo-default photos/   # the CID that ipfs would give',
]
