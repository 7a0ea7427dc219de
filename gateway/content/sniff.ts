// What a file is by its first bytes: signatures of binary formats, then markup, JSON and plain text (spec: gateway §2.3).

/** The type of a file of `sizeBytes` that begins with `head`. */
export function sniff(head: Uint8Array, sizeBytes: number): string {
  return bySignature(head) ?? byText(head, sizeBytes)
}

type Signature = readonly [offset: number, bytes: string, type: string]

const SIGNATURES: readonly Signature[] = [
  [0, '\x89PNG\r\n\x1a\n', 'image/png'],
  [0, '\xff\xd8\xff', 'image/jpeg'],
  [0, 'GIF87a', 'image/gif'],
  [0, 'GIF89a', 'image/gif'],
  [8, 'WEBPVP', 'image/webp'],
  [4, 'ftypavif', 'image/avif'],
  [4, 'ftypavis', 'image/avif'],
  [4, 'ftypheic', 'image/heic'],
  [4, 'ftypqt', 'video/quicktime'],
  [4, 'ftypM4A', 'audio/mp4'],
  [4, 'ftyp', 'video/mp4'],
  [0, 'BM', 'image/bmp'],
  [0, '\x00\x00\x01\x00', 'image/x-icon'],
  [0, 'II*\x00', 'image/tiff'],
  [0, 'MM\x00*', 'image/tiff'],
  [0, '%PDF-', 'application/pdf'],
  [0, 'PK\x03\x04', 'application/zip'],
  [0, 'PK\x05\x06', 'application/zip'],
  [0, '\x1f\x8b', 'application/gzip'],
  [0, '7z\xbc\xaf\x27\x1c', 'application/x-7z-compressed'],
  [0, '\xfd7zXZ\x00', 'application/x-xz'],
  [0, '\x28\xb5\x2f\xfd', 'application/zstd'],
  [257, 'ustar', 'application/x-tar'],
  [0, '\x00asm', 'application/wasm'],
  [0, 'wOFF', 'font/woff'],
  [0, 'wOF2', 'font/woff2'],
  [0, 'OTTO\x00', 'font/otf'],
  [0, '\x00\x01\x00\x00\x00', 'font/ttf'],
  [0, 'ID3', 'audio/mpeg'],
  [0, '\xff\xfb', 'audio/mpeg'],
  [0, '\xff\xf3', 'audio/mpeg'],
  [0, 'fLaC', 'audio/flac'],
  [0, 'OggS', 'application/ogg'],
  [8, 'WAVEfmt', 'audio/wav'],
  [8, 'AVI LIST', 'video/x-msvideo'],
  [0, '\x1aE\xdf\xa3', 'video/webm'],
  [0, 'SQLite format 3\x00', 'application/vnd.sqlite3'],
]

function bySignature(head: Uint8Array): string | undefined {
  const start = Buffer.from(head.buffer, head.byteOffset, Math.min(head.byteLength, 300)).toString('latin1')
  const found = SIGNATURES.find(([offset, bytes]) => start.startsWith(bytes, offset))?.[2]
  // Matroska and WebM share their first bytes; the document type follows.
  return found === 'video/webm' && start.includes('matroska') ? 'video/x-matroska' : found
}

const XML_PROLOGUE = /^<\?xml[^>]*>\s*(?:<!--[\s\S]*?-->\s*)*/i

function byText(head: Uint8Array, sizeBytes: number): string {
  const bom = utf16(head)
  if (bom !== undefined) return `text/plain; charset=${bom}`
  const isPrefix = head.byteLength < sizeBytes
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength)
  if (isBinary(bytes)) return 'application/octet-stream'
  if (!isUtf8(head, isPrefix)) return 'text/plain'
  const text = bytes.toString('utf8').replace(/^\ufeff/, '')
  const start = text.trimStart().slice(0, 1024)
  if (/^<(?:!doctype html|html|head|body|script|iframe|h1|div|p|a|br|table|title|style)\b/i.test(start))
    return 'text/html'
  if (/^<(?:svg|!doctype svg)\b/i.test(start.replace(XML_PROLOGUE, ''))) return 'image/svg+xml'
  if (/^<\?xml\b/i.test(start)) return 'text/xml; charset=utf-8'
  return looksLikeJson(text, isPrefix) ? 'application/json' : 'text/plain; charset=utf-8'
}

export function utf16(head: Uint8Array): string | undefined {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le'
  return head[0] === 0xfe && head[1] === 0xff ? 'utf-16be' : undefined
}

/** Control bytes that no text has (WHATWG MIME sniffing, §7.2). */
export function isBinary(bytes: Uint8Array): boolean {
  return bytes.some(byte => byte < 0x20 && !(byte === 9 || byte === 10 || byte === 12 || byte === 13 || byte === 27))
}

export function isUtf8(head: Uint8Array, isPrefix: boolean): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: isPrefix })
    return true
  } catch {
    return false
  }
}

const JSON_TOKEN = /\s*(?:[{}[\],:]|"(?:[^"\\]|\\.)*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/sy

/** Only objects and arrays: a lone number or word is text to everyone. Of a prefix, all but a cut last token must be JSON's. */
function looksLikeJson(text: string, isPrefix: boolean): boolean {
  if (!/^\s*[{[]/.test(text)) return false
  if (!isPrefix) return parses(text)
  JSON_TOKEN.lastIndex = 0
  let end = 0
  while (JSON_TOKEN.test(text)) end = JSON_TOKEN.lastIndex
  return end === text.length || /^\s*(?:"[^"]*|[\w.+-]*)$/.test(text.slice(end))
}

function parses(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
