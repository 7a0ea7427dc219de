// Pages of content that share one origin with all other content: they run, but as nobody (spec: gateway §1.9; one origin for all roots).

/** No `allow-same-origin`: such a page has an origin that is like no other, without cookies, storage and service workers. */
const POLICY =
  'sandbox allow-scripts allow-forms allow-popups allow-popups-to-escape-sandbox allow-modals allow-downloads allow-pointer-lock allow-presentation'

/** Types that browsers run scripts of when they are opened. */
const ACTIVE: ReadonlySet<string> = new Set([
  'text/html',
  'application/xhtml+xml',
  'image/svg+xml',
  'text/xml',
  'application/xml',
  'application/mathml+xml',
  'application/rss+xml',
  'application/atom+xml',
  'text/xsl',
  'application/xslt+xml',
  'multipart/related',
  'message/rfc822',
])

/** Undefined for what does nothing when it is shown. */
export function sandboxFor(type: string): string | undefined {
  const end = type.indexOf(';')
  const name = end === -1 ? type : type.slice(0, end).trimEnd()
  return ACTIVE.has(name) || name.endsWith('+xml') ? POLICY : undefined
}
