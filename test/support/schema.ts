// A repository as a program of another schema leaves it: the header and the rows say the same.

import { DatabaseSync } from 'node:sqlite'

/** Returns the schema that it had. */
export function setSchema(file: string, version: number): number {
  const database = new DatabaseSync(file)
  try {
    const before = Number(database.prepare('PRAGMA user_version').get()?.user_version)
    database.exec(`
      BEGIN;
      PRAGMA user_version = ${version};
      INSERT OR REPLACE INTO upkeep VALUES ('schema', '${version}');
      COMMIT;`)
    return before
  } finally {
    database.close()
  }
}
