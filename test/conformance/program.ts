// The command line from its sources, whatever is built: planted faults apply, and nobody else's build is in the way.

import { main } from '../../cli/main.ts'

process.exit(await main(process.argv.slice(2)))
