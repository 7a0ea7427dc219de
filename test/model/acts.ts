// What each step does to a real handle and to the model, and which outcomes the model allows.

import type { PinMode } from '../../src/api/pins.ts'
import { RAW } from '../../src/block/cid.ts'
import { GRACE_MS } from './actor.ts'
import type { ModelPin } from './model.ts'
import type { Play, Seat } from './play.ts'
import type { Step } from './steps.ts'
import { dagAt, KEYS } from './universe.ts'

export async function act(play: Play, seat: Seat, step: Exclude<Step, { do: 'clock' }>): Promise<void> {
  switch (step.do) {
    case 'add':
    case 'put':
    case 'import':
    case 'liar':
      return addWhole(play, seat, step.do, step.dag)
    case 'hold':
    case 'keep':
      return holdOpen(play, seat, step.do, step.dag)
    case 'more':
    case 'flush':
    case 'finish':
    case 'pinIt':
    case 'linkIt':
    case 'abort':
      return operate(play, seat, step.do)
    case 'pin':
      return pin(play, seat, step.dag, step.name)
    case 'direct':
      return pin(play, seat, step.dag, '', 'direct')
    case 'fetch':
      return pin(play, seat, step.dag, '', 'recursive', true)
    case 'brief':
      return pinBriefly(play, seat, step.dag)
    case 'unpin':
      return unpin(play, seat, step.dag, step.name)
    case 'update':
      return update(play, seat, step.dag, step.to)
    case 'walk':
      return walk(play, seat, step.dag, step.name)
    case 'walkOn':
    case 'walkEnd':
    case 'walkStop':
      return walkOn(play, seat, step.do)
    case 'cp':
    case 'rm':
      return editTree(play, seat, step.do, step.dag)
    case 'remove':
      return remove(play, seat, KEYS[step.key % KEYS.length] as string)
    case 'cache':
      await play.must(seat, { do: 'cache', keys: dagAt(step.dag).blocks })
      return play.model.perhaps(dagAt(step.dag).blocks)
    case 'read':
      return play.read(seat)
    case 'evict':
      await play.must(seat, { do: 'evict' })
      return
    case 'gc':
    case 'sweep':
    case 'sweepOn':
    case 'sweepEnd':
      return collect(play, seat, step.do)
    case 'close':
    case 'crash':
    case 'stop':
      return live(play, seat, step.do)
  }
}

async function addWhole(play: Play, seat: Seat, how: 'add' | 'put' | 'import' | 'liar', dag: number): Promise<void> {
  const { model } = play
  const { blocks } = dagAt(dag)
  await play.race(seat, blocks)
  const operation = model.begin(dag, false)
  model.asked(operation, blocks)
  if (how === 'liar') {
    const taken = await play.may(seat, { do: how, dag }, 'HASH_MISMATCH')
    if (taken !== undefined) throw new Error('a CAR with wrong bytes was taken')
    return model.end(operation, 'none')
  }
  await play.must(seat, { do: how === 'put' ? 'store' : how, dag })
  model.end(operation, how === 'put' ? 'bare' : 'root')
  if (how !== 'put') model.pinned(dag, 'recursive', '')
}

async function holdOpen(play: Play, seat: Seat, how: 'hold' | 'keep', dag: number): Promise<void> {
  if (seat.operation !== undefined) return
  const { model } = play
  const { blocks } = dagAt(dag)
  await play.race(seat, blocks)
  await play.must(seat, { do: 'begin' })
  const operation = model.begin(dag, how === 'keep')
  seat.operation = operation
  const keys = how === 'keep' ? blocks : blocks.slice(0, Math.ceil(blocks.length / 2))
  const mustBe = keys.every(key => model.presence.get(key) === 'there')
  const kept = await play.must(seat, { do: how === 'keep' ? 'keep' : 'put', keys })
  if (how === 'hold' || kept === keys.length) return model.asked(operation, keys)
  if (mustBe) throw new Error(`only ${kept} of ${keys.length} blocks could be kept, and all are here`)
  model.mentioned(keys)
  await operate(play, seat, 'abort')
}

type Ending = 'more' | 'flush' | 'finish' | 'pinIt' | 'linkIt' | 'abort'

async function operate(play: Play, seat: Seat, how: Ending): Promise<void> {
  const { model } = play
  const { operation } = seat
  if (operation === undefined) return
  const { dag, met } = operation
  const { blocks } = dagAt(dag)
  // What it met without bytes may go before a flush has touched it: then it says so.
  const codes = met && operation.sure.size === 0 ? ['BLOCK_NOT_LOCAL'] : []
  if (how === 'more' || ((how === 'pinIt' || how === 'linkIt') && !met)) {
    await play.race(seat, blocks)
    await play.must(seat, { do: 'put', keys: blocks })
    model.asked(operation, blocks)
  }
  if (how === 'more' || how === 'flush') {
    if ((await play.may(seat, { do: 'flush' }, ...codes)) !== undefined) return model.flushed(operation)
    return operate(play, seat, 'abort')
  }
  seat.operation = undefined
  if (how === 'pinIt') play.races.pinning(blocks)
  // Its epoch held the threshold of a collection that is still at work.
  if (how !== 'abort' && play.model.collection?.spared.has(blocks[0] as string)) play.races.note('ended × sweep')
  if (how === 'linkIt' && model.tree.has(dag)) codes.push('BAD_REQUEST')
  const done = await play.may(seat, how === 'pinIt' || how === 'linkIt' ? { do: how, dag } : { do: how }, ...codes)
  if (done === undefined || how === 'abort') return model.end(operation, 'none')
  if (how === 'linkIt' && model.tree.has(dag)) throw new Error('linked over an entry')
  model.end(operation, how === 'finish' ? 'bare' : 'root')
  if (how === 'pinIt') model.pinned(dag, 'recursive', '')
  if (how === 'linkIt') model.linked(dag)
}

async function pin(play: Play, seat: Seat, dag: number, name: string, mode: PinMode = 'recursive', fetch = false) {
  const { model } = play
  const { blocks } = dagAt(dag)
  const keys = mode === 'direct' ? blocks.slice(-1) : blocks
  const mustBe = fetch || keys.every(key => model.presence.get(key) === 'there')
  play.races.pinning(keys)
  const codes = mustBe ? [] : ['BLOCK_NOT_LOCAL']
  const done = await play.may(seat, { do: 'pin', dag, name, mode, fetch }, ...codes)
  if (done !== undefined) model.pinned(dag, mode, name)
  else model.pins.push({ dag, mode, name, complete: false })
}

/** For an hour. */
async function pinBriefly(play: Play, seat: Seat, dag: number): Promise<void> {
  await play.must(seat, { do: 'brief', dag })
  play.model.pinned(dag, 'recursive', '', play.model.clockMs + GRACE_MS)
}

async function unpin(play: Play, seat: Seat, dag: number, name: string): Promise<void> {
  const { model } = play
  const isPin = (pin: ModelPin) => pin.dag === dag && pin.name === name
  const wasPinned = model.pins.some(isPin)
  const done = await play.may(seat, { do: 'unpin', dag, name }, ...(wasPinned ? [] : ['NOT_PINNED']))
  if (done !== undefined && !wasPinned) throw new Error('unpinned what was not pinned')
  model.pins = model.pins.filter(pin => !isPin(pin))
}

async function update(play: Play, seat: Seat, dag: number, to: number): Promise<void> {
  const { model } = play
  // Ended and not yet taken, it may be either.
  if (model.pins.some(({ endsMs }) => endsMs !== undefined && endsMs <= model.clockMs)) return
  const names = model.pins.filter(pin => pin.dag === dag && pin.mode === 'recursive' && pin.complete)
  const isRefused = names.length === 0 || (dag !== to && model.isPinned(to, 'recursive'))
  const codes = isRefused ? ['NOT_PINNED', 'BAD_REQUEST'] : []
  const done = await play.may(seat, { do: 'update', dag, to }, ...codes)
  if (isRefused !== (done === undefined)) throw new Error(`update: refused ${done === undefined}, not ${isRefused}`)
  if (isRefused || dag === to) return
  model.pins = model.pins.filter(pin => !(pin.dag === dag && pin.mode === 'recursive'))
  for (const { name, endsMs } of names) model.pinned(to, 'recursive', name, endsMs)
}

async function walk(play: Play, seat: Seat, dag: number, name: string): Promise<void> {
  if (seat.walk !== undefined) return
  const { model } = play
  const { blocks } = dagAt(dag)
  play.races.pinning(blocks)
  const standing = await play.must(seat, { do: 'walk', dag, name })
  if (standing === 'ended') return model.pinned(dag, 'recursive', name)
  const operation = model.begin(dag, true, dagAt(dag).root.code !== RAW)
  model.asked(operation, blocks)
  seat.walk = { operation, name, row: undefined }
}

async function walkOn(play: Play, seat: Seat, how: 'walkOn' | 'walkEnd' | 'walkStop'): Promise<void> {
  const held = seat.walk
  if (held === undefined) return
  const { model } = play
  const { operation, name } = held
  const { dag } = operation
  play.races.pinning(dagAt(dag).blocks)
  const wasRemoved = held.row !== undefined && !model.pins.includes(held.row)
  // A node that waits for its commit hides what lies below it from a mark: then the walk says so, and is to be tried again.
  const codes = ['BLOCK_NOT_LOCAL', ...(wasRemoved ? ['NOT_PINNED'] : [])]
  if (how === 'walkStop') codes.push('OTHER', 'CANCELLED')
  const done = await play.may(seat, { do: how }, ...codes)
  if (done?.value === 'after' && held.row === undefined) {
    held.row = { dag, mode: 'recursive', name, complete: false }
    model.pins.push(held.row)
  }
  if (done !== undefined && done.value !== 'ended') return
  seat.walk = undefined
  // Made by somebody else meanwhile, the pin is the answer, and this operation has not finished.
  const byOther = model.isPinned(dag, 'recursive', name)
  model.end(operation, done === undefined || byOther ? 'none' : 'root')
  if (done !== undefined) model.pinned(dag, 'recursive', name)
  else if (how === 'walkStop') model.pins = model.pins.filter(pin => pin !== held.row)
  // It ran from before its row to its failure in one go: the row says why.
  else if (held.row === undefined) model.pins.push({ dag, mode: 'recursive', name, complete: false })
}

async function editTree(play: Play, seat: Seat, how: 'cp' | 'rm', dag: number): Promise<void> {
  const { model } = play
  if (how === 'rm' && !model.tree.has(dag)) return
  const isThere = dagAt(dag).blocks.every(key => model.presence.get(key) === 'there')
  const codes =
    how === 'rm' ? [] : [...(isThere ? [] : ['BLOCK_NOT_LOCAL']), ...(model.tree.has(dag) ? ['BAD_REQUEST'] : [])]
  const done = await play.may(seat, { do: how, dag }, ...codes)
  if (done === undefined) return model.mentioned(dagAt(dag).blocks)
  if (how === 'cp') model.linked(dag)
  else model.tree.delete(dag)
}

async function remove(play: Play, seat: Seat, key: string): Promise<void> {
  const { model } = play
  const mayKeep = model.kept(true).has(key) || model.operations.size > 0
  const done = await play.may(seat, { do: 'remove', keys: [key] }, ...(mayKeep ? ['FORBIDDEN'] : []))
  if (done?.value !== true) {
    if (done !== undefined && model.presence.get(key) === 'there') throw new Error(`${key} was not removed`)
    return
  }
  if (model.kept(false).has(key)) throw new Error(`${key} was removed, and a root keeps it`)
  for (const { sure } of model.operations)
    if (sure.has(key)) throw new Error(`${key} was removed, and an operation uses it`)
  model.known(key, false)
}

async function collect(play: Play, seat: Seat, how: 'gc' | 'sweep' | 'sweepOn' | 'sweepEnd'): Promise<void> {
  const { model, sweeper } = play
  if (how === 'sweep' && sweeper?.seat === seat) return
  if (how === 'gc' || how === 'sweep') {
    const done = await play.may(seat, { do: how }, ...(sweeper === undefined ? [] : ['REPO_LOCKED']))
    if (sweeper !== undefined) {
      if (done !== undefined) throw new Error('two collections at once')
      return
    }
    model.dropEnded()
    if (how === 'sweep') play.sweeper = { seat, wasQuiet: model.isQuiet }
    else {
      model.openCollection(true)
      model.endCollection(true)
    }
    return
  }
  if (sweeper?.seat !== seat) return
  // The transaction behind its first gate opens it.
  if (model.collection === undefined) model.openCollection(sweeper.wasQuiet)
  if ((await play.must(seat, { do: how })) !== 'ended') return
  model.endCollection(true)
  play.sweeper = undefined
}

async function live(play: Play, seat: Seat, how: 'close' | 'crash' | 'stop'): Promise<void> {
  const { model } = play
  const { isProcess } = seat.handle
  if (how === 'stop') {
    // Nothing of it may be under way: stopped inside a transaction it would hold up everybody, as it should.
    if (!isProcess) return
    await play.must(seat, { do: 'settle' })
    seat.isStopped = seat.handle.signal('SIGSTOP')
    if (model.collection !== undefined) play.races.note('stopped over sweep')
    return
  }
  const dies = how === 'crash' && isProcess
  if (dies && play.sweeper?.seat === seat && model.collection !== undefined) play.races.note('killed in sweep')
  if (dies) await play.replace(seat)
  else {
    await play.must(seat, { do: 'close' })
    await play.open(seat)
  }
  if (seat.walk !== undefined) {
    model.end(seat.walk.operation, 'none')
    // Cancelled it is as if it had never begun; killed it leaves its row, a root for what is there.
    const { row } = seat.walk
    if (!dies) model.pins = model.pins.filter(pin => pin !== row)
  }
  if (seat.operation !== undefined) model.end(seat.operation, 'none')
  seat.walk = undefined
  seat.operation = undefined
  if (play.sweeper?.seat !== seat) return
  model.endCollection(false)
  play.sweeper = undefined
}
