// Opens the database of a repository, which brings it to this schema, and closes it again: to be killed on the way.

import { openDatabase } from '../../src/store/database/database.ts'
import { repoPaths } from '../../src/store/paths.ts'

openDatabase(repoPaths(process.argv[2] ?? '').database)[Symbol.dispose]()
