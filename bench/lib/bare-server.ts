// The hardware's side of a comparison: node:http in a process of its own that answers everything with the same bytes.

import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export async function bareServer(sizeBytes: number): Promise<{ url: string; stop(): Promise<void> }> {
  const child = spawn(process.execPath, [import.meta.filename, String(sizeBytes)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let url = ''
  for await (const chunk of child.stdout) {
    url += chunk
    if (url.includes('\n')) break
  }
  return {
    url: url.trim(),
    stop: async () => {
      child.kill('SIGKILL')
    },
  }
}

if (import.meta.main) {
  const body = Buffer.alloc(Number(process.argv[2]), 'x')
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/octet-stream')
    response.end(body)
  })
  server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`))
}
