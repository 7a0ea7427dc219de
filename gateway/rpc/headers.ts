// MIME header lines and their parameters, as they stand in multipart bodies.

/** Names in lower case; a repeated header keeps its last value. */
export function parseHeaderLines(lines: readonly string[]): ReadonlyMap<string, string> {
  const headers = new Map<string, string>()
  for (const line of lines) {
    const at = line.indexOf(':')
    if (at > 0) headers.set(line.slice(0, at).trim().toLowerCase(), line.slice(at + 1).trim())
  }
  return headers
}

const PARAMETER = /;\s*([\w-]+)=(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))/g

/** `form-data; name="file"` → its value and parameters. */
export function parseParameters(text: string): { value: string; parameters: ReadonlyMap<string, string> } {
  const parameters = new Map<string, string>()
  for (const [, name = '', quoted, bare = ''] of text.matchAll(PARAMETER)) {
    // A backslash escapes only itself and the quote: old browsers sent whole Windows paths.
    parameters.set(name.toLowerCase(), quoted === undefined ? bare : quoted.replace(/\\(["\\])/g, '$1'))
  }
  return { value: (text.split(';')[0] ?? '').trim().toLowerCase(), parameters }
}
