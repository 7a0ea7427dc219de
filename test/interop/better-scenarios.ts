// Each request of "better than Kubo" to Cairn and to a real Kubo with the same content, printed as rows. Run in a namespace (compatibility.ts).

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BetterCase } from '../gateway/better/case.ts'
import { BETTER_CASES, denylist, exchange, startOurs } from '../gateway/better/ours.ts'
import { makeWorld, type World } from '../gateway/better/world.ts'
import { temporaryFolder } from '../support/cairn.ts'
import { ROW, type Row } from './compatibility.ts'
import { Kubo } from './kubo-daemon.ts'

/** With everything in it that Cairn has. */
async function startKubo(world: World, folder: string): Promise<Kubo> {
  const kubo = await Kubo.start({ gateway: { hosts: ['gw.test'], dnslinks: world.dnslinks } })
  writeFileSync(join(folder, 'world.car'), await world.memory.toCar())
  await kubo.run(['dag', 'import', '--pin-roots=false', join(folder, 'world.car')])
  writeFileSync(join(folder, 'record'), world.record)
  await kubo.run(['routing', 'put', '--allow-offline', `/ipns/${world.publisher.name.text}`, join(folder, 'record')])
  return kubo
}

/** Kubo reads them where every program of its user would. */
function writeDenylist(world: World, folder: string): void {
  process.env.XDG_CONFIG_HOME = folder
  mkdirSync(join(folder, 'ipfs/denylists'), { recursive: true })
  writeFileSync(join(folder, 'ipfs/denylists/list.deny'), denylist(world))
}

const portOf = (kubo: Kubo): number => Number(kubo.gatewayAddress().split(':')[1])

async function compare(): Promise<Row[]> {
  const folder = temporaryFolder('better')
  const world = await makeWorld()
  writeDenylist(world, folder)
  await using ours = await startOurs(world)
  await using offline = await startKubo(world, folder)
  await using online = await Kubo.start({ gateway: { hosts: [], dnslinks: {}, retrievalTimeout: '1s' } })
  const rows: Row[] = []
  for (const better of BETTER_CASES) {
    const answer = await ours.ask(better)
    better.check(answer, world)
    const theirs = await exchange(portOf(better.isOnline === true ? online : offline), better, world)
    rows.push({
      row: better.row,
      title: better.title,
      request: told(better, world),
      kubo: better.tell(theirs, world),
      cairn: better.tell(answer, world),
      isKuboRight: passes(() => better.check(theirs, world)),
    })
  }
  return rows
}

function passes(check: () => void): boolean {
  try {
    check()
    return true
  } catch {
    return false
  }
}

/** The request without the host that every other has, and with CIDs cut short. */
function told(better: BetterCase, world: World): string {
  const [line = '', host = '', ...headers] = better.send(world).split('\n')
  const target = line.replace(/ HTTP\/1\.1$/, '').replace(/^GET /, '')
  const shown = [target, ...(host === 'Host: 127.0.0.1' ? [] : [host]), ...headers].join(' · ')
  return shown.replaceAll(/\b[bkf][a-z0-9]{40,}/g, text => `${text.slice(0, 4)}…`).replaceAll(':PORT', '')
}

for (const row of await compare()) console.log(ROW + JSON.stringify(row))
process.exit(0)
