// JSON as Go's encoder writes it: `<`, `>` and `&` escaped, so that no answer can be read as HTML (spec: kubo-rpc §1.4).

const ESCAPED = /[<>&\u2028\u2029]/g

/** Without the closing newline. */
export function goJson(value: unknown): string {
  return JSON.stringify(value).replace(ESCAPED, char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
