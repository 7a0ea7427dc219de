import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { checkReady } from '../../gateway/admin/ready.ts'
import type { CairnNode } from '../../src/api/node.ts'
import { CairnError } from '../../src/errors.ts'
import { counter, gauge, histogram, renderMetrics } from '../../src/observe/metrics.ts'
import { startApi, type TestApi } from './api-support.ts'

let api: TestApi
test.before(async () => {
  api = await startApi()
})
test.after(() => api.close())

const get = (path: string) => fetch(api.url + path)

test('alive and ready', async () => {
  for (const [path, body] of [
    ['/healthz', 'ok\n'],
    ['/readyz', 'ready\n'],
  ] as const) {
    const answer = await get(path)
    assert.is(answer.status, 200)
    assert.is(answer.headers.get('cache-control'), 'no-store')
    assert.is(await answer.text(), body)
  }
})

test('a repository that does not answer is not ready, and the reason is told', async () => {
  const stat = (): never => {
    throw new CairnError('REPO_DAMAGED', 'the database is damaged')
  }
  const broken: Pick<CairnNode, 'repo'> = { repo: { ...api.node.repo, stat } }
  assert.is(await checkReady(broken), 'the database is damaged')
  const readOnly = { repo: { ...api.node.repo, stat: () => ({ ...api.node.repo.stat(), readOnly: true }) } }
  assert.is(await checkReady(readOnly), 'the repository cannot be written')
})

test('metrics count what is there and what was answered', async () => {
  await api.add('counted', 'pin=true')
  const text = await (await get('/metrics')).text()
  const sampleOf = (name: string) => {
    const line = text.split('\n').find(line => line.startsWith(`${name} `))
    return Number(line?.slice(name.length + 1))
  }
  assert.ok(sampleOf('cairn_store_blocks') >= 1)
  assert.is(sampleOf('cairn_pins'), 1)
  assert.ok(sampleOf('cairn_http_responses_total{listener="api",code="200"}') >= 1)
  assert.is(sampleOf('cairn_http_in_flight{listener="api"}'), 1, 'this very request')
  assert.ok(sampleOf('process_resident_memory_bytes') > 1e6)
  for (const line of text.trim().split('\n')) {
    assert.match(line, /^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? \S+)$/)
  }
})

test('the version page', async () => {
  const answer = await get('/version')
  assert.is(answer.headers.get('content-type'), 'text/plain; charset=utf-8')
  assert.match(await answer.text(), /^Cairn: \d+\.\d+\.\d+\nRPC: kubo\//)
})

test('counters, gauges and histograms in text form', () => {
  const total = counter('x_total', 'All')
  total.add()
  total.add(2, { code: '200', who: 'a"b\\c\nd' })
  const level = gauge('y', 'Level')
  level.add(3)
  level.add(-1)
  const seconds = histogram('z_seconds', 'Time', [0.1, 1])
  for (const value of [0.05, 0.1, 0.5, 7]) seconds.observe(value)
  assert.is(
    renderMetrics([total, level, seconds]),
    `# HELP x_total All
# TYPE x_total counter
x_total 1
x_total{code="200",who="a\\"b\\\\c\\nd"} 2
# HELP y Level
# TYPE y gauge
y 2
# HELP z_seconds Time
# TYPE z_seconds histogram
z_seconds_bucket{le="0.1"} 2
z_seconds_bucket{le="1"} 3
z_seconds_bucket{le="+Inf"} 4
z_seconds_sum 7.65
z_seconds_count 4
`,
  )
})

test.run()
