#!/usr/bin/env node
// What `cairn` starts: makes sure that the running Node is new enough before anything else is loaded.
// Plain old JavaScript without static imports, so that old versions get as far as the explanation.

const WANTED = 24
const running = Number(process.versions.node.split('.')[0])
const here = new URL('.', import.meta.url)

if (running >= WANTED) await start()
else await startWithNewerNode()

async function start() {
  // By `import` each would load all that it has, lazy parts too.
  const { enableCompileCache } = process.getBuiltinModule('node:module')
  const { existsSync } = process.getBuiltinModule('node:fs')
  const { fileURLToPath } = process.getBuiltinModule('node:url')
  const bundle = new URL('../dist/cli.js', here)
  const isBuilt = existsSync(bundle)
  // Beside the bundle and owned like it: a cache in a shared temp folder would let others choose what runs.
  if (isBuilt) enableCompileCache(fileURLToPath(new URL('../dist/.cache', here)))
  const { main } = await import(isBuilt ? bundle.href : new URL('main.ts', here).href)
  process.exit(await main(process.argv.slice(2)))
}

/** Goes on with the Node that the clone's own `npm ci` has installed. */
async function startWithNewerNode() {
  const { existsSync } = await import('node:fs')
  const { fileURLToPath } = await import('node:url')
  const node = ['../node_modules/node/bin/node', '../node_modules/.bin/node']
    .map(path => fileURLToPath(new URL(path, here)))
    .find(existsSync)
  if (node === undefined) {
    process.stderr.write(
      `cairn needs Node ${WANTED} or newer and this is ${process.version}: install it from https://nodejs.org, or run \`npm ci\` in the clone\n`,
    )
    process.exit(2)
  }
  const { spawn } = await import('node:child_process')
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, CAIRN_RELAYED: '1' },
  })
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2']
  for (const signal of signals) process.on(signal, () => child.kill(signal))
  child.on('error', error => {
    process.stderr.write(`cairn: ${node} does not start: ${error.message}\n`)
    process.exit(2)
  })
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1)
    for (const name of signals) process.removeAllListeners(name)
    process.kill(process.pid, signal)
  })
}
