// `node --import test/crash/planted/load.ts …` with CAIRN_PLANTED=<name>,…: the program with these faults in it.

import { CONFORMANCE_FAULTS } from '../../conformance/faults.ts'
import { FAULTS, RULES } from './faults.ts'
import { installPatches } from './patch.ts'

const names = (process.env.CAIRN_PLANTED ?? '').split(',').filter(name => name !== '')
installPatches(
  names.map(name => {
    const fault = [...FAULTS, ...RULES, ...CONFORMANCE_FAULTS].find(known => known.name === name)
    if (fault === undefined) throw new Error(`no planted fault is called "${name}"`)
    return fault
  }),
  process.env.CAIRN_PLANTED_LOG,
)
