// The admin pages: is it alive, is it of use, how is it doing, which version is it.

import { Hono } from 'hono'
import type { CairnNode } from '../../src/api/node.ts'
import { VERSION } from '../../src/version.ts'
import { KUBO_AGENT } from '../rpc/compat.ts'
import { metricsText } from './metrics.ts'
import { checkReady } from './ready.ts'

const NO_STORE = { 'cache-control': 'no-store' }

export function adminApp(node: CairnNode, whyNotServing: () => string): Hono {
  const app = new Hono()
  app.get('/healthz', c => c.text('ok\n', 200, NO_STORE))
  app.get('/readyz', async c => {
    const reason = (await checkReady(node)) || whyNotServing()
    return reason === '' ? c.text('ready\n', 200, NO_STORE) : c.text(`not ready: ${reason}\n`, 503, NO_STORE)
  })
  app.get('/metrics', c =>
    c.body(metricsText(node), 200, { ...NO_STORE, 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }),
  )
  app.get('/version', c =>
    c.body(`Cairn: ${VERSION}\nRPC: ${KUBO_AGENT}\n`, 200, { 'content-type': 'text/plain; charset=utf-8' }),
  )
  return app
}
