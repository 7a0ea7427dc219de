// Recorded answers of Kubo that ours differ from on purpose, each with its reason.

/** Pages of the API listener that come with the web console. */
export const LATER_PAGES: readonly string[] = ['/webui', '/webui/']

const OWN_TEXT = 'the text of this error is our own; no client reads it'
const STORED_FIRST = 'nothing is told as added that is then not stored: the error comes as a status'
const EITHER_VERSION = 'a pin is found under either version of its CID'

export const DIFFERENT: Readonly<Record<string, string>> = {
  'cat-error-bad-timeout': 'a timeout that cannot be read is refused; Kubo answers with an empty success',
  'block-put-allow-big-block': 'the limit of 2 MiB holds for every door',
  'pin-ls-error-v1-form-of-v0-pin': EITHER_VERSION,
  'pin-ls-error-v0-form-of-v1-pin': EITHER_VERSION,
  'stdin-argument': 'a new repository of Kubo has the empty folder pinned, ours has no pins',
  'multipart-truncated': STORED_FIRST,
  'add-same-name-twice': STORED_FIRST,
  'add-to-files-exists': STORED_FIRST,
  'add-to-files-no-parent': STORED_FIRST,
  'dag-put-json-codec-name': 'plain JSON is written without the line breaks that Kubo puts in',
  'dag-put-error-bad-json': 'a document cut short is refused; Kubo answers with an empty success',
  'dag-put-error-bad-json-inside': OWN_TEXT,
  'dag-put-error-trailing': OWN_TEXT,
  'dag-put-error-second-bad': OWN_TEXT,
  'dag-put-error-not-dag-pb': OWN_TEXT,
  'dag-import-error-wrong-hash': OWN_TEXT,
  'dag-import-error-truncated': OWN_TEXT,
  'dag-import-error-not-a-car': OWN_TEXT,
  'name-inspect-verify-other-name': OWN_TEXT,
  'name-inspect-v1-only': OWN_TEXT,
  'name-inspect-error-garbage': OWN_TEXT,
  'name-put-error-wrong-name': OWN_TEXT,
  'name-put-error-garbage': OWN_TEXT,
  'name-get-error-bad-name': OWN_TEXT,
  'dag-stat-error-empty-dag': 'the ratio of a DAG without bytes is 1; Kubo divides 0 by 0 and fails',
  'dag-export-error-incomplete': 'what is missing near the root is an error before the body, not a broken CAR',
  'version-encoding-xml': 'the recording has the version of that Kubo in it',
}
