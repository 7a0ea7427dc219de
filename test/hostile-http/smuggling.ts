// Requests that two readers could take apart in two ways, each with the one right answer (RFC 9112; CWE-444).

/** What the server under attack has. */
export interface Places {
  /** Paths of two files, `first` and `second`, and of a folder. */
  readonly first: string
  readonly second: string
  readonly folder: string
  /** Another gateway's name, which has subdomains. */
  readonly host: string
}

/**
 * What is sent, and what must come back: the status of each answer in order, with the file that it gave, and whether the
 * connection is closed afterwards or takes another request.
 */
export type Attack = readonly [name: string, bytes: string | readonly string[], answers: string]

const CLOSED = '400 closed'
const BOTH = '200=first 200=second open'

export function attacks({ first, second, folder, host }: Places): readonly Attack[] {
  const line = `GET ${first} HTTP/1.1\r\n`
  const start = `${line}Host: x\r\n`
  const hidden = `GET ${second} HTTP/1.1\r\nHost: x\r\n\r\n`
  const get = (headers: string, body = '') => `${start}${headers}\r\n\r\n${body}${hidden}`
  const post = (headers: string, body: string) => `POST ${first} HTTP/1.1\r\nHost: x\r\n${headers}\r\n\r\n${body}`
  const chunked = (body: string) => get('Transfer-Encoding: chunked', body)
  const connect = (target: string, headers = '') => `CONNECT ${target} HTTP/1.1\r\nHost: x:80\r\n${headers}\r\n`
  const target = (text: string) => `GET ${text} HTTP/1.1\r\nHost: x\r\n\r\n`
  const asked = (text: string, name = 'x') => `GET ${text} HTTP/1.1\r\nHost: ${name}\r\n\r\n`
  const EMPTY = '0\r\n\r\n'
  const CL_TE = 'Content-Length: 5\r\nTransfer-Encoding: chunked'
  return [
    ['control: two requests', `${start}\r\n${hidden}`, BOTH],
    ['control: a body with its length', get('Content-Length: 5', 'hello'), BOTH],
    ['control: a body in chunks', chunked(`5\r\nhello\r\n${EMPTY}`), BOTH],
    ['control: an empty line in front', `\r\n\r\n${start}\r\n${hidden}`, BOTH],
    // Two lengths
    ['CL.TE', post(`Content-Length: ${5 + hidden.length}\r\nTransfer-Encoding: chunked`, EMPTY + hidden), CLOSED],
    [
      'TE.CL',
      post(CL_TE.split('\r\n').reverse().join('\r\n'), `${hidden.length.toString(16)}\r\n${hidden}\r\n${EMPTY}`),
      CLOSED,
    ],
    ['CL.TE on GET', get(CL_TE, EMPTY), CLOSED],
    ['CL 0 and TE', get('Content-Length: 0\r\nTransfer-Encoding: chunked', EMPTY), CLOSED],
    ['CL twice, the same', get('Content-Length: 5\r\nContent-Length: 5', 'hello'), CLOSED],
    ['CL twice, different', get('Content-Length: 0\r\nContent-Length: 5', 'hello'), CLOSED],
    ['CL as a list', get('Content-Length: 5, 5', 'hello'), CLOSED],
    ['CL with a sign', get('Content-Length: +5', 'hello'), CLOSED],
    ['CL negative', get('Content-Length: -5', 'hello'), CLOSED],
    ['CL in hex', get('Content-Length: 0x5', 'hello'), CLOSED],
    ['CL with letters', get('Content-Length: 5a', 'hello'), CLOSED],
    ['CL of two numbers', get('Content-Length: 5 5', 'hello'), CLOSED],
    ['CL with a point', get('Content-Length: 5.0', 'hello'), CLOSED],
    ['CL empty', get('Content-Length:'), CLOSED],
    ['CL beyond 2^64', get('Content-Length: 18446744073709551621', 'hello'), CLOSED],
    ['CL with leading zeros is a number', get('Content-Length: 005', 'hello'), BOTH],
    ['CL before its colon', get('Content-Length : 5', 'hello'), CLOSED],
    ['CL folded', get('Content-Length:\r\n 5', 'hello'), CLOSED],
    ['CL behind a bare CR', get('A: b\rContent-Length: 5', 'hello'), CLOSED],
    ['CL behind a bare LF', get('A: b\nContent-Length: 5', 'hello'), CLOSED],
    ['CL behind a NUL', get('A: b\0Content-Length: 5', 'hello'), CLOSED],
    ['CL with an underscore is another header', get('Content_Length: 5'), BOTH],
    // Codings that are not quite `chunked`
    ['TE xchunked', get('Transfer-Encoding: xchunked', EMPTY), '501 closed'],
    ['TE chunked twice', get('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked', EMPTY), CLOSED],
    ['TE chunked, then identity', get('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity', EMPTY), CLOSED],
    ['TE chunked, identity', get('Transfer-Encoding: chunked, identity', EMPTY), CLOSED],
    ['TE identity, chunked', get('Transfer-Encoding: identity, chunked', EMPTY), '501 closed'],
    ['TE gzip, chunked', get('Transfer-Encoding: gzip, chunked', EMPTY), '501 closed'],
    ['TE identity', get('Transfer-Encoding: identity', EMPTY), '501 closed'],
    ['TE ,chunked', get('Transfer-Encoding: ,chunked', EMPTY), '501 closed'],
    ['TE quoted', get('Transfer-Encoding: "chunked"', EMPTY), '501 closed'],
    ['TE with a parameter', get('Transfer-Encoding: chunked;x=y', EMPTY), '501 closed'],
    ['TE empty', get('Transfer-Encoding: '), CLOSED],
    ['TE before its colon', get('Transfer-Encoding : chunked', EMPTY), CLOSED],
    ['TE behind a blank', get(' Transfer-Encoding: chunked', EMPTY), CLOSED],
    ['TE folded', get('Transfer-Encoding:\r\n chunked', EMPTY), CLOSED],
    ['TE with a vertical tab', get('Transfer-Encoding:\x0bchunked', EMPTY), CLOSED],
    ['TE with a NUL', get('Transfer-Encoding: chunked\0', EMPTY), CLOSED],
    ['TE with a form feed', get('Transfer-Encoding: \x0cchunked', EMPTY), CLOSED],
    ['TE behind a tab is sound', get('Transfer-Encoding:\tchunked', EMPTY), BOTH],
    ['TE in capitals is sound', get('Transfer-Encoding: CHUNKED', EMPTY), BOTH],
    ['TE with an underscore is another header', get('Transfer_Encoding: chunked'), BOTH],
    ['TE in HTTP/1.0', `GET ${first} HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n${EMPTY}${hidden}`, CLOSED],
    // Chunks
    ['chunk: size with a sign', chunked(`+5\r\nhello\r\n${EMPTY}`), CLOSED],
    ['chunk: size negative', chunked(`-1\r\nhello\r\n${EMPTY}`), CLOSED],
    ['chunk: size with 0x', chunked(`0x5\r\nhello\r\n${EMPTY}`), CLOSED],
    ['chunk: size of 17 digits', chunked(`10000000000000005\r\nhello\r\n${EMPTY}`), CLOSED],
    ['chunk: blank behind the size', chunked(`5 \r\nhello\r\n${EMPTY}`), CLOSED],
    ['chunk: blank before the size', chunked(` 5\r\nhello\r\n${EMPTY}`), CLOSED],
    ['chunk: no size', chunked(`\r\nhello\r\n${EMPTY}`), CLOSED],
    ['chunk: size 1_0', chunked(`1_0\r\nhellohellohelloh\r\n${EMPTY}`), CLOSED],
    ['chunk: 100 zeros before the size', chunked(`${'0'.repeat(100)}5\r\nhello\r\n${EMPTY}`), BOTH],
    ['chunk: size followed by a bare LF', chunked(`5\nhello\r\n${EMPTY}`), CLOSED],
    ['chunk: size followed by a bare CR', chunked(`5\rhello\r\n${EMPTY}`), CLOSED],
    ['chunk: last one with a bare LF', chunked('0\r\n\n'), CLOSED],
    ['chunk: last one with two', chunked('0\n\n'), CLOSED],
    // The answer to a GET does not wait for its body; what follows the broken one is never read.
    ['chunk: data followed by a bare LF', chunked(`5\r\nhello\n${EMPTY}`), '200=first 400 closed'],
    ['chunk: more data than its size', chunked(`3\r\nhello\r\n${EMPTY}`), '200=first 400 closed'],
    ['chunk: less data than its size', chunked(`7\r\nhello\r\n${EMPTY}`), '200=first 400 closed'],
    ['chunk: extension', chunked(`5;a=b\r\nhello\r\n${EMPTY}`), BOTH],
    ['chunk: extension, quoted', chunked(`5;a="b;c"\r\nhello\r\n${EMPTY}`), BOTH],
    ['chunk: extension with a bare LF', chunked(`5;a\nb\r\nhello\r\n${EMPTY}`), CLOSED],
    ['chunk: extension with a bare CR', chunked(`5;a\rb\r\nhello\r\n${EMPTY}`), CLOSED],
    ['chunk: extension with a line end in quotes', chunked(`5;a="\r\n\r\nhello\r\n${EMPTY}`), CLOSED],
    ['chunk: extension of 17,000 bytes', chunked(`5;${'a'.repeat(17_000)}\r\nhello\r\n${EMPTY}`), '413 closed'],
    ['chunk: trailer', chunked('0\r\nX: y\r\n\r\n'), BOTH],
    ['chunk: trailer that is no header of the request', chunked('0\r\nHost: evil.test\r\n\r\n'), BOTH],
    ['chunk: trailer with a length', chunked('0\r\nContent-Length: 500\r\n\r\n'), CLOSED],
    ['chunk: trailer with a coding', chunked('0\r\nTransfer-Encoding: chunked\r\n\r\n'), CLOSED],
    // Lines
    ['line: bare LF all along', `GET ${first} HTTP/1.1\nHost: x\n\n${hidden}`, CLOSED],
    ['line: bare LF behind the first', `GET ${first} HTTP/1.1\nHost: x\r\n\r\n${hidden}`, CLOSED],
    ['line: head ends with a bare LF', `${start}\n${hidden}`, CLOSED],
    ['line: bare CR in a value', get('A: b\rc'), CLOSED],
    ['line: CR CR LF', `${start}\r\r\n${hidden}`, CLOSED],
    ['line: folded', get('A: b\r\n c'), CLOSED],
    ['line: folded Host', `${line}Host: x\r\n y\r\n\r\n${hidden}`, CLOSED],
    ['line: blank before the first header', `${line} Host: x\r\n\r\n${hidden}`, CLOSED],
    ['line: blank before a colon', `${line}Host : x\r\n\r\n${hidden}`, CLOSED],
    ['line: no colon', get('abc'), CLOSED],
    ['line: no name', get(': b'), CLOSED],
    ['line: NUL in a name', get('A\0: b'), CLOSED],
    ['line: NUL in a value', get('A: b\0c'), CLOSED],
    ['line: control character in a value', get('A: b\x01c'), CLOSED],
    ['line: bytes in front', `xx\r\n${start}\r\n`, CLOSED],
    // First line
    ['target: blank inside', `GET ${first} x HTTP/1.1\r\nHost: x\r\n\r\n${hidden}`, CLOSED],
    ['target: tab inside', `GET ${first}\tx HTTP/1.1\r\nHost: x\r\n\r\n${hidden}`, CLOSED],
    ['target: NUL', target(`${first}\0`), CLOSED],
    ['target: DEL', target(`${first}\x7f`), CLOSED],
    ['target: byte above 127', target(`${first}/\xff`), CLOSED],
    ['target: fragment', target(`${first}#a`), '400 open'],
    ['target: no slash', target(first.slice(1)), CLOSED],
    ['target: only a query', target('?x'), CLOSED],
    ['target: authority form', target('x:80'), CLOSED],
    ['target: *', target('*'), '400 open'],
    ['target: two slashes are no host', target(`//evil.test${first}`), '404 open'],
    ['method: small letters', `get ${first} HTTP/1.1\r\nHost: x\r\n\r\n`, CLOSED],
    ['method: unknown', `FOO ${first} HTTP/1.1\r\nHost: x\r\n\r\n`, CLOSED],
    ['method: TRACE', `TRACE ${first} HTTP/1.1\r\nHost: x\r\n\r\n`, '405 open'],
    ['method: POST with a body, then GET', post('Content-Length: 5', `hello${hidden}`), '405 200=second open'],
    ['version: 0.9 without words', `GET ${first}\r\n\r\n`, '505 closed'],
    ['version: 0.9', `GET ${first} HTTP/0.9\r\nHost: x\r\n\r\n${hidden}`, '505 closed'],
    ['version: 1.0, one request', `GET ${first} HTTP/1.0\r\n\r\n`, '200=first closed'],
    [
      'version: 1.0, nothing behind its last request counts',
      `GET ${first} HTTP/1.0\r\n\r\n${hidden}`,
      '200=first closed',
    ],
    ['version: 1.0, kept alive', `GET ${first} HTTP/1.0\r\nConnection: keep-alive\r\n\r\n${hidden}`, BOTH],
    ['version: 1.2', `GET ${first} HTTP/1.2\r\nHost: x\r\n\r\n${hidden}`, CLOSED],
    ['version: 1.10', `GET ${first} HTTP/1.10\r\nHost: x\r\n\r\n${hidden}`, CLOSED],
    ['version: 2.0 in words', `GET ${first} HTTP/2.0\r\nHost: x\r\n\r\n${hidden}`, '505 closed'],
    ['version: 3', `GET ${first} HTTP/3\r\nHost: x\r\n\r\n${hidden}`, CLOSED],
    ['version: small letters', `GET ${first} http/1.1\r\nHost: x\r\n\r\n${hidden}`, CLOSED],
    ['version: blank behind', `GET ${first} HTTP/1.1 \r\nHost: x\r\n\r\n${hidden}`, CLOSED],
    ['h2c: preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', CLOSED],
    ['tls: hello', '\x16\x03\x01\0\xa5\x01\0\0\xa1\x03\x03', CLOSED],
    // Hosts
    ['host: none', `${line}\r\n`, CLOSED],
    ['host: two', get('Host: y'), CLOSED],
    ['host: two, the same', get('Host: x'), CLOSED],
    ['host: a list', asked(first, 'x, y'), '400 open'],
    ['host: a user', asked(first, 'u@x'), '400 open'],
    ['host: a path', asked(first, 'x/evil'), '400 open'],
    ['host: a port that is none', asked(first, 'x:99999'), '400 open'],
    ['host: no ASCII', asked(first, '\xe9x'), '400 open'],
    ['absolute: its host counts, not Host', asked(`http://127.0.0.1${first}`, host), '200=first open'],
    ['absolute: Host does not count', asked(`http://${host}${first}`, '127.0.0.1'), '301 open'],
    ['absolute: no Host at all', `GET http://x${first} HTTP/1.1\r\n\r\n`, CLOSED],
    ['absolute: no host', asked('http://'), '400 open'],
    ['absolute: no host, a path', asked('http:///x'), '400 open'],
    ['absolute: no host, content', asked(`http://${first}`), '400 open'],
    ['absolute: a user', asked(`http://u:p@x${first}`), '400 open'],
    ['absolute: a fragment', asked(`http://x${first}#a`), '400 open'],
    ['absolute: another scheme', asked(`ftp://x${first}`), '400 open'],
    ['forwarded: a host that is none', get('X-Forwarded-Host: evil/..').replace(hidden, ''), '400 open'],
    // The end of a connection
    ['close: nothing behind it is a request', get('Connection: close'), '200=first closed'],
    ['close: not even bytes', get('Connection: close').replace(hidden, '\0\0\0'), '200=first closed'],
    ['broken: behind a sound request, whose answer comes first', `${start}\r\nxx\r\n\r\n${hidden}`, '200=first closed'],
    ['broken: behind two', `${start}\r\n${hidden}\0${hidden}`, '200=first 200=second closed'],
    // Other protocols
    [
      'upgrade: h2c',
      get('Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk'),
      '200=first closed',
    ],
    [
      'upgrade: websocket',
      get('Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13'),
      '200=first closed',
    ],
    // Nobody knows whether the body comes: the next request could be part of it.
    ['expect: 100-continue with a body', get('Expect: 100-continue\r\nContent-Length: 5', 'hello'), '200=first closed'],
    ['expect: what is refused is not invited', post('Expect: 100-continue\r\nContent-Length: 5', ''), '405 closed'],
    ['expect: something else', get('Expect: 200-ok'), '417 200=second open'],
    ['connect: a request in the tunnel', [connect('x:80'), hidden], '200 200=second open'],
    ['connect: not waiting for the answer', connect('x:80') + hidden, '200 200=second open'],
    ['connect: with a length', connect('x:80', `Content-Length: ${hidden.length}\r\n`) + hidden, CLOSED],
    ['connect: in chunks', connect('x:80', 'Transfer-Encoding: chunked\r\n') + EMPTY + hidden, CLOSED],
    ['connect: to a path', connect(first) + hidden, CLOSED],
    ['connect: no port', connect('x') + hidden, CLOSED],
    ['connect: a port that is none', connect('x:99999') + hidden, CLOSED],
    ['connect: a user', connect('u@x:80') + hidden, CLOSED],
    ['connect: a URL', connect('http://x:80/') + hidden, CLOSED],
    ['connect: a tunnel in the tunnel', connect('x:80') + connect('y:80') + hidden, '200 405 closed'],
    ['connect: no HTTP in the tunnel', `${connect('x:22')}SSH-2.0-OpenSSH_9.6\r\n`, '200 400 closed'],
    // Line ends on their way into the head of an answer
    ['split: path', asked(`${folder}/a%0d%0aX-Evil:%20y`), '404 open'],
    ['split: path of a redirect', asked(`${folder}/a%20b%0d%0aX-Evil:y/..?x`), '200 open'],
    ['split: query of a redirect', asked(`${folder}/a%20b?x=%0d%0aX-Evil:y`), '301 open'],
    ['split: query of a redirect, bytes above 127', asked(`${folder}/a%20b?x=%c4%8d%c4%8aX-Evil:y`), '301 open'],
    ['split: uri', asked(`/ipfs/?uri=ipfs:/${folder.slice(5)}/a%0d%0aX-Evil:y?z=%0d%0aX-Evil:y`), '301 open'],
    [
      'split: uri, wide characters',
      asked(`/ipfs/?uri=ipfs:/${folder.slice(5)}/a%E5%98%8A%E5%98%8DX-Evil:y`),
      '301 open',
    ],
    ['split: filename', asked(`${first}?filename=a%0d%0aX-Evil:y.txt`), '200=first open'],
    ['split: filename, wide characters', asked(`${first}?filename=%E5%98%8D%E5%98%8AX-Evil:y`), '200=first open'],
    ['split: format', asked(`${first}?format=car%0d%0aX-Evil:y`), '400 open'],
    ['split: CAR parameters', asked(`${first}?format=raw&dag-scope=%0d%0aX-Evil:y`), '200=first open'],
    ['split: to a subdomain', asked(`${first}/x%0d%0aX-Evil:y?a=%0d%0aX-Evil:y`, host), '301 open'],
    [
      'split: forwarded scheme',
      get('X-Forwarded-Proto: http://evil.test/').replace('Host: x', `Host: ${host}`).replace(hidden, ''),
      '301 open',
    ],
  ]
}
