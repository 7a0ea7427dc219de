// The query and path of a request as Go reads them: pairs that cannot be decoded are dropped, `+` is a space.

/** Values by key, in order of their appearance. */
export type Query = ReadonlyMap<string, readonly string[]>

export function parseQuery(text: string): Query {
  const query = new Map<string, string[]>()
  for (const pair of text.split('&')) {
    // Go refuses `;`, which it once took for a separator.
    if (pair === '' || pair.includes(';')) continue
    const at = pair.indexOf('=')
    const key = queryUnescape(at === -1 ? pair : pair.slice(0, at))
    const value = at === -1 ? '' : queryUnescape(pair.slice(at + 1))
    if (key === undefined || value === undefined) continue
    const values = query.get(key)
    if (values === undefined) query.set(key, [value])
    else values.push(value)
  }
  return query
}

/** `+` → space, `%XX` → byte; undefined where that is not possible. */
export function queryUnescape(text: string): string | undefined {
  return percentDecode(text.replaceAll('+', ' '))
}

export function percentDecode(text: string): string | undefined {
  if (!text.includes('%')) return text
  if (/%(?![\da-f]{2})/i.test(text)) return undefined
  // What is not UTF-8 becomes U+FFFD: Go keeps the bytes, a JavaScript string cannot.
  return text.replace(/(?:%[\da-f]{2})+/gi, run => Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'))
}

/** Splits a request target into its path and its query, neither decoded. */
export function splitTarget(target: string): { path: string; query: string } {
  const at = target.indexOf('?')
  return at === -1 ? { path: target, query: '' } : { path: target.slice(0, at), query: target.slice(at + 1) }
}
