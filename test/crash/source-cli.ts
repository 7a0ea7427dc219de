// The command line from its sources, for runs in which patches are put into them as they load.

import { main } from '../../cli/main.ts'

process.exit(await main(process.argv.slice(2)))
