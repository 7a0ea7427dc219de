// Content like that of the suite, made here: trees as files, and how each becomes blocks. Where the bytes are the same, so are the CIDs.

import { Link, type Tree } from '../gateway/support.ts'

export interface OwnTree {
  readonly tree: Tree
  /** `old`: CIDv0 and dag-pb leaves. `new`: CIDv1 and raw leaves. Both cut files of many blocks by `chunkBytes`. */
  readonly style: 'old' | 'new'
  readonly chunkBytes?: number
  /** Entries beyond which a folder is sharded. */
  readonly maxLinks?: number
}

const HELLO = 'hello\n'
const ASCII = 'hello application/vnd.ipld.car\n'
const WORLD = 'hello world\n'

/** 1,026 bytes: four whole chunks of 256 and one of two. */
const MULTIBLOCK = Array.from({ length: 54 }, (_, line) => `line ${String(line).padStart(3, '0')} of many.`)
  .join('\n')
  .padEnd(1026, '.')

const FILES = { 'ascii.txt': ASCII, 'hello.txt': WORLD }
const CONFUSING = (dir: string): Tree => ({ 'file.txt': `I am a txt file in confusing /${dir} dir\n` })

const EXAMPLES = `/redirect-one /one.html
/301-redirect-one /one.html 301
/302-redirect-two /two.html 302
/200-index /index.html 200
/posts/:year/:month/:day/:title /articles/:year/:month/:day/:title 301
/splat/* /redirected-splat/:splat 301
/not-found/* /404.html 404
/gone/* /410.html 410
/unavail/* /451.html 451
/* /index.html 200
`

const CODES = [200, 301, 302, 303, 307, 308, 404, 410, 451]

const REDIRECTS: Tree = {
  'bad-codes': { _redirects: '/a /b 999\n', 'found.html': 'my found\n' },
  examples: {
    '404.html': 'my 404\n',
    '410.html': 'my 410\n',
    '451.html': 'my 451\n',
    _redirects: EXAMPLES,
    'index.html': 'my index\n',
    'one.html': 'my one\n',
    'redirected-splat': { 'one.html': 'redirected splat one\n' },
    'two.html': 'my two\n',
  },
  forced: { _redirects: '/a /b 301!\n' },
  'good-codes': { _redirects: CODES.map(code => `/a${code} /b${code} ${code}\n`).join('') },
  newlines: { _redirects: '/redirect-one /one.html\r\n/200-index /index.html 200\r\n', 'one.html': 'my one\n' },
  'too-large': { _redirects: '/from /to 301\n'.repeat(4682) },
}

const TESTDIR: Tree = {
  api: { 'file.txt': 'I am a txt file\n' },
  hello: HELLO,
  ipfs: { 'file.txt': 'I am a txt file\n', ipns: { bar: 'text-file-content\n' } },
}

export const OWN_TREES = {
  dirlist: {
    style: 'new',
    tree: {
      api: CONFUSING('api'),
      ipfs: CONFUSING('ipfs'),
      ipns: CONFUSING('ipns'),
      ą: { ę: { 'file-źł.txt': 'I am a txt file on path with utf8\n' } },
    },
  },
  cache: { style: 'new', tree: { root2: { root3: { root4: { 'index.html': HELLO } } } } },
  raw: { style: 'new', tree: { dir: { 'ascii.txt': 'hello application/vnd.ipld.raw\n' } } },
  json: { style: 'new', tree: { 't.json': '{ "test": "i am a plain json file" }\n' } },
  symlink: { style: 'old', tree: { foo: 'content\n', bar: new Link('foo') } },
  files: { style: 'new', chunkBytes: 256, tree: { 'ascii-copy.txt': ASCII, ...FILES, 'multiblock.txt': MULTIBLOCK } },
  percent: {
    style: 'new',
    tree: { 'Portugal%2C+España=Peninsula Ibérica.txt': 'hello from a percent encoded filename\n' },
  },
  two: { style: 'new', tree: { subdir: FILES } },
  mixed: { style: 'new', chunkBytes: 256, tree: { subdir: { ...FILES, 'multiblock.txt': MULTIBLOCK } } },
  hamt: {
    style: 'new',
    chunkBytes: 256,
    maxLinks: 500,
    tree: Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`${i + 1}.txt`, MULTIBLOCK])),
  },
  /** Its middle leaf is taken away. */
  missing: { style: 'old', chunkBytes: 1024, tree: { file: 'abc'.repeat(341).padEnd(3072, 'xyz') } },
  hello: { style: 'old', tree: { hello: HELLO } },
  testdir: { style: 'new', tree: TESTDIR },
  redirects: { style: 'old', tree: REDIRECTS },
  spa: { style: 'new', tree: { _redirects: '# All pages are one.\n/* /index.html 200\n', 'index.html': WORLD } },
} as const satisfies Record<string, OwnTree>
