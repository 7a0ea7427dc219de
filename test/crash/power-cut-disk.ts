// A disk that can lose its power: a file system on a loop image, and copies of that image in an instant, journal unreplayed.
// What was never synced is in the page cache above the loop device and so not in the image. The image lies on an XFS that
// shares blocks between copies: a clone is one instant, where reading the image for a while would mix many.

import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { GiB, MiB } from '../../src/units.ts'

export type FileSystem = 'ext4' | 'xfs'

const MAKE: Record<FileSystem, readonly string[]> = { ext4: ['mkfs.ext4', '-q', '-F'], xfs: ['mkfs.xfs', '-q', '-f'] }
/** The least that mkfs.xfs makes is 300 MB. */
const IMAGE_BYTES = 320 * MiB
const HOST_BYTES = 4 * GiB

function run(command: string, ...args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr}`)
}

/** To be used in a mount namespace of its own: what a killed run leaves mounted ends with it. */
export class CutDisk implements Disposable {
  readonly folder: string
  readonly #kind: FileSystem
  readonly #host: string
  readonly #mounted: string[] = []
  #cuts = 0

  constructor(work: string, kind: FileSystem) {
    this.#kind = kind
    this.#host = join(work, 'host')
    this.folder = join(work, 'disk')
    const image = join(work, 'host.img')
    for (const folder of [this.#host, this.folder, join(work, 'after')]) mkdirSync(folder)
    try {
      makeImage('xfs', image, HOST_BYTES)
      this.#mount(image, this.#host)
      makeImage(kind, this.#image, IMAGE_BYTES)
      this.#mount(this.#image, this.folder)
    } catch (error) {
      this[Symbol.dispose]()
      throw error
    }
  }

  get #image(): string {
    return join(this.#host, 'disk.img')
  }

  /** The disk as it would be found if the power went now. */
  cut(): string {
    const copy = join(this.#host, `cut-${++this.#cuts}.img`)
    run('cp', '--reflink=always', this.#image, copy)
    return copy
  }

  /** Mounts it, which replays its journal, for as long as `work` takes. */
  async afterCut<T>(copy: string, work: (folder: string) => Promise<T>): Promise<T> {
    const folder = join(this.folder, '../after')
    this.#mount(copy, folder, ...(this.#kind === 'xfs' ? ['nouuid'] : []))
    try {
      return await work(folder)
    } finally {
      this.#unmount(folder)
      rmSync(copy)
    }
  }

  #mount(image: string, folder: string, ...options: readonly string[]): void {
    run('mount', '-o', ['loop', ...options].join(','), image, folder)
    this.#mounted.push(folder)
  }

  /** The loop device goes with it. */
  #unmount(folder: string): void {
    run('umount', folder)
    this.#mounted.splice(this.#mounted.indexOf(folder), 1)
  }

  [Symbol.dispose](): void {
    for (const folder of this.#mounted.toReversed()) run('umount', '--lazy', folder)
  }
}

function makeImage(kind: FileSystem, file: string, sizeBytes: number): void {
  writeFileSync(file, '')
  truncateSync(file, sizeBytes)
  const [command = '', ...args] = MAKE[kind]
  run(command, ...args, file)
}
