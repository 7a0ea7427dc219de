// The Kubo that this RPC speaks as: clients choose their dialect by it (spec: kubo-rpc §1.8).

import { VERSION } from '../../src/version.ts'

/** Strict semver, not below 0.23; the web UI wants 0.39 for its newest pages. */
export const KUBO_VERSION = '0.39.0'
export const KUBO_AGENT = `kubo/${KUBO_VERSION}/cairn-${VERSION}`
export const KUBO_REPO = '18'
