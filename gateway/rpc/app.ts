// Kubo's /api/v0: who may call, which command is meant, and what becomes of it (spec: kubo-rpc §1).

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { CairnNode } from '../../src/api/node.ts'
import { CairnError, toCairnError } from '../../src/errors.ts'
import type { Logger } from '../../src/observe/log.ts'
import { callSignal } from './abort.ts'
import { parseArguments } from './arguments.ts'
import { cidFormatter } from './cids.ts'
import type { Call, Options } from './command.ts'
import { corsHeaders, isForeign, isPreflight, preflightHeaders } from './csrf.ts'
import { messageOf, originOf } from './errors.ts'
import { boundaryOf, readParts } from './multipart.ts'
import { withNames } from './name-errors.ts'
import { localContent } from './offline.ts'
import { parseQuery, splitTarget } from './query.ts'
import { type Http, sendEmpty, sendError, sendReply, sendText } from './respond.ts'
import { type CommandTable, findRoute, type Route } from './route.ts'

export interface RpcOptions {
  readonly node: CairnNode
  readonly commands: CommandTable
  readonly log: Logger
  /** Called after the answer to `shutdown` is out. */
  readonly onShutdown: () => void
}

const ALLOW = { Allow: 'OPTIONS, POST' }

/** Answers one request below /api/v0; never throws. */
export async function handleRpc(
  options: RpcOptions,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const { method = '', headers } = incoming
  const port = incoming.socket.localPort ?? 0
  const http: Http = { incoming, outgoing, cors: corsHeaders(headers, method, port) }
  if (isPreflight(method, headers)) return sendEmpty(http, preflightHeaders(headers, port))
  if (method === 'OPTIONS') return sendEmpty(http, { ...http.cors, ...ALLOW })
  if (method !== 'POST') return sendText(http, 405, '405 - Method Not Allowed', ALLOW)
  if (isForeign(headers, port)) return sendText(http, 403, '403 - Forbidden')
  const { path, query } = splitTarget(incoming.url ?? '')
  const route = findRoute(options.commands, path)
  if (route === undefined) return sendText(http, 404, '404 page not found')
  if (route.kind === 'group') return sendReply(http, { kind: 'nothing' }, callSignal(outgoing, undefined))
  await runCommand(options, http, route, query)
}

async function runCommand(
  options: RpcOptions,
  http: Http,
  route: Route & { kind: 'command' },
  query: string,
): Promise<void> {
  const call = prepareCall(options, http, route, query)
  if (call === undefined) return
  try {
    await sendReply(http, await route.command.run(call), call.signal)
  } catch (error) {
    if (toCairnError(error).code === 'INTERNAL')
      options.log.error('an RPC command failed', { command: route.name, err: error })
    if (!http.outgoing.destroyed) sendError(http, messageOf(error, call.signal), originOf(error))
  }
}

/** What is wrong with the call itself is answered here, as plain text with status 400. */
function prepareCall(
  { node, onShutdown }: RpcOptions,
  http: Http,
  { command, pathArg }: Route & { kind: 'command' },
  query: string,
): Call<Options> | undefined {
  const { incoming, outgoing } = http
  try {
    const { args, options, globals } = parseArguments(command, parseQuery(query), pathArg)
    const boundary = boundaryOf(incoming.headers)
    if (command.file !== undefined && boundary === undefined) {
      throw new CairnError('USAGE', `file argument '${command.file}' is required`)
    }
    return {
      node,
      content: withNames(globals.offline ? localContent(node.content.local) : node.content, node, globals.offline),
      args,
      options,
      offline: globals.offline,
      encoding: globals.encoding,
      signal: callSignal(outgoing, globals.timeoutMs),
      formatCid: cidFormatter(globals.cidBase, globals.upgradeV0),
      files: () => {
        if (/^100-continue$/i.test(incoming.headers.expect ?? '')) outgoing.writeContinue()
        return readParts(incoming.iterator({ destroyOnReturn: false }), boundary ?? '')
      },
      shutdown: () => outgoing.once('close', onShutdown),
    }
  } catch (error) {
    sendText(http, 400, toCairnError(error).message)
    return undefined
  }
}
