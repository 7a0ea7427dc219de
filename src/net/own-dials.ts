// AutoNAT that dials back on a connection of its own: @libp2p/autonat (3.0.28) takes the one it has with whoever asks, and closes it.

import { type AutoNATComponents, autoNAT } from '@libp2p/autonat'

type ConnectionManager = AutoNATComponents['connectionManager']

/** Without this two nodes that ask each other close each other's connection, and prove nothing. */
export const autoNATWithOwnDials =
  () =>
  (components: AutoNATComponents): unknown =>
    autoNAT()(replacing(components, 'connectionManager', ({ connectionManager }) => withOwnDials(connectionManager)))

function withOwnDials(manager: ConnectionManager): ConnectionManager {
  return replacing(
    manager,
    'openConnection',
    () => (peer, options) =>
      // It proves one address at a time; lists are of peers that it wants to ask, where any connection will do.
      manager.openConnection(peer, Array.isArray(peer) ? options : { ...options, force: true }),
  )
}

/** The object with one property in another's place; methods stay those of the object. */
function replacing<T extends object, K extends keyof T>(object: T, name: K, replace: (object: T) => T[K]): T {
  return new Proxy(object, {
    get: (target, key) => {
      if (key === name) return replace(target)
      const value: unknown = Reflect.get(target, key)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
