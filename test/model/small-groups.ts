// Groups of an eighth of a megabyte in place of eight: thousands of handles are opened, and each would fill its buffers with zeros.
// To be imported before the store, which reads the limit as it loads.

import { LIMITS } from '../../src/limits.ts'
import { KiB } from '../../src/units.ts'

Object.assign(LIMITS.groupBytes, { value: 128 * KiB })
