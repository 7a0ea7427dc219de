// How many bytes of an add are done, from its events: large files tell as they go, small ones when they are added.

import type { AddEvent } from '../src/api/add.ts'

export interface AddMeter {
  readonly done: number
  take(event: AddEvent): void
}

export function createAddMeter(): AddMeter {
  /** Folders are added after what is in them, with the size of all of it: that is counted already. */
  const folders = new Set<string>()
  let current = { name: '', bytes: 0 }
  let done = 0
  const rememberParents = (name: string): void => {
    for (let at = name.lastIndexOf('/'); at > 0; at = name.lastIndexOf('/', at - 1)) {
      const parent = name.slice(0, at)
      if (folders.has(parent)) return
      folders.add(parent)
    }
  }
  return {
    get done() {
      return done
    },
    take(event) {
      if (event.type === 'progress') {
        // `bytes` counts within one file.
        done += event.bytes - (event.name === current.name ? current.bytes : 0)
        current = { name: event.name, bytes: event.bytes }
      } else if (event.type === 'added') {
        const isCounted = event.name === '' || event.name === current.name || folders.has(event.name)
        if (!isCounted) done += event.totalBytes
        rememberParents(event.name)
      }
    },
  }
}
