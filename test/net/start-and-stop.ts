// A node that starts, serves another, and stops: what is left open afterwards would keep this process from ending.

import { randomBytes } from 'node:crypto'
import { connect, startNode, stopNodes } from './net-node.ts'

const [a, b] = [await startNode(), await startNode({ role: 'client' })]
await connect(b, a)
const cid = a.store.add(randomBytes(1000))
await b.network.session(cid).fetch(cid, { signal: AbortSignal.timeout(10_000) })
await stopNodes()
console.log('stopped')
