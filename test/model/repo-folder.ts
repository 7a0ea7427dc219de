// One repository folder that is new again for each run: made once, then put back to how it was; in memory where there is room for it.

import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { initRepo } from '../../src/store/repo.ts'

/** Durability is proven elsewhere: here a sync may cost nothing. */
const IN_MEMORY = '/dev/shm'

export class RepoFolder implements Disposable {
  readonly path: string
  readonly #base: string

  private constructor(base: string) {
    this.#base = base
    this.path = join(base, 'repo')
  }

  static async make(): Promise<RepoFolder> {
    const folder = new RepoFolder(mkdtempSync(join(existsSync(IN_MEMORY) ? IN_MEMORY : tmpdir(), 'cairn-model-')))
    await initRepo(folder.path)
    cpSync(join(folder.path, 'cairn.db'), join(folder.#base, 'new.db'))
    return folder
  }

  /** No process may have it open. */
  reset(): void {
    for (const name of readdirSync(this.path)) {
      if (name !== 'reserve') rmSync(join(this.path, name), { recursive: true, force: true })
    }
    for (const name of ['packs', 'blocks', 'leases', 'quarantine', 'backups']) mkdirSync(join(this.path, name))
    cpSync(join(this.#base, 'new.db'), join(this.path, 'cairn.db'))
  }

  [Symbol.dispose](): void {
    rmSync(this.#base, { recursive: true, force: true })
  }
}
