// Copying one file durably: under a temporary name, synced, renamed. What has its name is whole.

import { existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Wait } from '../../block/source.ts'
import { CairnError } from '../../errors.ts'
import { MiB } from '../../units.ts'
import { explainPlace } from '../../writable.ts'
import { syncFolder } from '../write/sync-folder.ts'

const CHUNK_BYTES = 4 * MiB

export interface Copy {
  readonly from: string
  readonly to: string
  /** Of a pack that grows meanwhile, what was committed. */
  readonly sizeBytes: number
  /** It may be another file by now: copied anew, as much as there is. */
  readonly isChanging?: boolean
}

/** Copies files one after the other and remembers whose folders have to be synced. */
export class Copier {
  readonly #signal: AbortSignal
  readonly #buffer = Buffer.allocUnsafe(CHUNK_BYTES)
  readonly #folders = new Set<string>()
  copiedFiles = 0
  copiedBytes = 0
  skippedBytes = 0

  constructor({ signal }: Wait) {
    this.#signal = signal
  }

  /** Nothing is done if it is there already: packs only grow, files never change. */
  async copy({ from, to, sizeBytes, isChanging = false }: Copy): Promise<void> {
    this.#signal.throwIfAborted()
    if (!isChanging && (statSync(to, { throwIfNoEntry: false })?.size ?? -1) >= sizeBytes) {
      this.skippedBytes += sizeBytes
      return
    }
    const folder = dirname(to)
    if (!existsSync(folder)) {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      this.#folders.add(dirname(folder))
    }
    const temp = `${to}.tmp`
    try {
      await this.#write({ from, to: temp, sizeBytes, isChanging })
      renameSync(temp, to)
    } catch (error) {
      rmSync(temp, { force: true })
      throw error
    }
    this.#folders.add(folder)
    this.copiedFiles++
    this.copiedBytes += sizeBytes
  }

  async #write({ from, to, sizeBytes: expected, isChanging = false }: Copy): Promise<void> {
    await using source = await open(from, 'r')
    const sizeBytes = isChanging ? (await source.stat()).size : expected
    await using target = await open(to, 'w', 0o600).catch(error => {
      throw explainPlace(error, to)
    })
    for (let done = 0; done < sizeBytes; ) {
      this.#signal.throwIfAborted()
      const wanted = Math.min(CHUNK_BYTES, sizeBytes - done)
      const { bytesRead } = await source.read(this.#buffer, 0, wanted, done)
      if (bytesRead === 0) {
        throw new CairnError('READ_FAILED', `${from} is shorter than the index says: ${done} of ${sizeBytes} bytes`, {
          hint: 'see what is wrong: `cairn repo check`',
        })
      }
      await target.writeFile(this.#buffer.subarray(0, bytesRead))
      done += bytesRead
    }
    await target.datasync()
  }

  /** All that was copied is durable when it returns. */
  sync(): void {
    for (const folder of this.#folders) syncFolder(folder)
    this.#folders.clear()
  }
}
