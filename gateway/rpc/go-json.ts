// JSON as Go's encoder writes it: `<`, `>` and `&` escaped, so that no answer can be read as HTML (spec: kubo-rpc §1.4).

const ESCAPED = /[<>&\u2028\u2029]/g

/** Without the closing newline. Bytes of names that are no UTF-8 are lost, as in Go. */
export function goJson(value: unknown): string {
  const text = JSON.stringify(value)
  const json = /\\ud[89a-f]/.test(text) ? JSON.stringify(value, wellFormed) : text
  return json.replace(ESCAPED, char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

const wellFormed = (_key: string, value: unknown): unknown => (typeof value === 'string' ? value.toWellFormed() : value)
