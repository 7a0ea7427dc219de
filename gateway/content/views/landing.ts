// The front door: what this is, a field to open content with, how to add some, and the node's state for its own machine.

import { html } from 'hono/html'
import { escapeName } from '../../../src/dag/names.ts'
import { formatSize } from '../../../src/units.ts'
import { type Html, page } from './page.ts'
import { CAIRN } from './stones.ts'

export interface NodeState {
  readonly peerId: string
  readonly mode: string
  /** Undefined while the network is not up, or where there is none. */
  readonly peers: number | undefined
  readonly blocks: number
  readonly diskBytes: number
  readonly version: string
}

export interface LandingPage {
  /** Only for a visitor on this machine. */
  readonly state: NodeState | undefined
  /** What was asked for and could not be understood. */
  readonly refused: { readonly input: string; readonly why: string } | undefined
}

export function renderLanding({ state, refused }: LandingPage): Html {
  return page({
    title: 'Cairn – a gateway to content by its fingerprint',
    home: '/',
    body: html`<div class="hero front">${CAIRN}<div>
<h1>Content by its fingerprint</h1>
<p class="lead">This is an IPFS gateway. An address here names the content itself, not the machine it lies on, and whatever comes in is verified against it.</p>
<form method="get" action="/" role="search"><label for="uri">Open a CID, an ipfs:// address or a path</label>
<input id="uri" name="uri" required autocomplete="off" autocapitalize="off" spellcheck="false" placeholder="bafy…" value="${refused?.input ?? ''}"${refused === undefined ? '' : html` aria-describedby="refused" aria-invalid="true"`}><button>Open</button></form>
${refused === undefined ? '' : html`<p class="bad" id="refused" role="alert">${escapeName(refused.why)}</p>`}
</div></div>
<div class="cols"><section><h2>Add something of your own</h2>
<pre><code><b>$ </b>cairn add photo.jpg</code></pre>
<p class="hint">It prints the CID. Open it above, or give it to anyone who runs an IPFS node.</p></section>
${state === undefined ? '' : nodeState(state)}</div>`,
  })
}

function nodeState({ peerId, mode, peers, blocks, diskBytes, version }: NodeState): Html {
  const rows: readonly (readonly [string, Html | string])[] = [
    ['Peer ID', html`<code>${peerId}</code>`],
    ['Mode', mode],
    ['Peers', peers === undefined ? 'not connected' : peers.toLocaleString('en')],
    ['Stored', `${blocks.toLocaleString('en')} ${blocks === 1 ? 'block' : 'blocks'}, ${formatSize(diskBytes)} on disk`],
    ['Version', version],
  ]
  return html`<section><h2>This node</h2>
<dl>${rows.map(([term, value]) => html`<div><dt>${term}</dt><dd>${value}</dd></div>`)}</dl>
<p class="hint">Shown on this machine only.</p></section>`
}
