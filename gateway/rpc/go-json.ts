// JSON as Go's encoder writes it: `<`, `>` and `&` escaped, so that no answer can be read as HTML (spec: kubo-rpc §1.4).

const ESCAPED = /[<>&\u2028\u2029]/g

/** Without the closing newline. Bytes of names that are no UTF-8 are lost, as in Go. */
export function goJson(value: unknown): string {
  const text = stringify(value)
  const json = /\\ud[89a-f]/.test(text) ? JSON.stringify(value, exactly) : text
  return json.replace(ESCAPED, char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** A function that sees every value makes it much slower: only where there is a whole number that JSON itself refuses. */
function stringify(value: unknown): string {
  try {
    return JSON.stringify(value)
  } catch {
    return JSON.stringify(value, exactly)
  }
}

function exactly(_key: string, value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed()
  return typeof value === 'bigint' ? RAW_JSON.rawJSON(String(value)) : value
}

// TypeScript's library does not have it yet; Node does.
const RAW_JSON = JSON as unknown as { rawJSON(text: string): unknown }
