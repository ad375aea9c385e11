// The one gate through which every call of every simulated port goes: it is written down, meets its fault, honours its signal.
// It never decides what a port answers; that is the port's `effect`.
import { setTimeout as wait } from 'node:timers/promises'
import type { Json } from '../../workflows/json.ts'
import type { ChangingPort, PortName } from '../../workflows/ports/index.ts'
import type { Io, Observed, Write } from '../../workflows/ports/target.ts'
import { failure, kindOf } from '../failure.ts'
import { cellOf, landElsewhere } from './cells.ts'
import { type Fault } from './fault.ts'
import { faultOf } from './faults.ts'
import { accept, acceptBadly } from './orders.ts'
import { freeze, shownOf } from './readers.ts'
import { declarationsOf, reconcilersOf } from './reconcilers.ts'
import type { Verb } from './fault.ts'
import type { Call, Cell, Order, Shown, WorldState } from './state.ts'
import { advance, touched } from './time.ts'

const RECORDS_MAX = 100_000 // a long-lived simulator must not eat its worker; a run makes some hundred calls
const OURS = 'cutover' // the name under which our own writes are signed

interface PortCall<T> {
  port: PortName
  verb: Verb
  target: string
  value?: Json
  /** What the undisturbed world does and answers. */
  effect(): T
  /** What a write orders. */
  order?: Order
}

export async function ask<T>(state: WorldState, asked: PortCall<T>, io: Io): Promise<T> {
  const { port, verb, target, value = null } = asked
  const call: Call = { port, verb, target, value, at: state.clock.now(), outcome: 'open' }
  state.calls.push(call)
  if (state.calls.length > RECORDS_MAX) state.calls.shift()
  try {
    if (io.signal.aborted) throw abortOf(io.signal, call)
    const answer = await meet(state, asked, io)
    call.outcome = 'ok'
    return answer
  } catch (error) {
    call.outcome = kindOf(error) ?? (io.signal.aborted ? 'aborted' : 'Bug')
    throw error
  }
}

async function meet<T>(state: WorldState, asked: PortCall<T>, io: Io): Promise<T> {
  const what = `${asked.verb} ${asked.target} in the simulated world ${state.name}`
  const doEffect = () => {
    advance(state)
    return asked.effect()
  }
  if ([...state.outages].some((outage) => outage.port === asked.port)) {
    throw failure('Unavailable', `${what}: ${asked.port} does not answer; end the outage to go on`)
  }
  const fault = faultOf(state, asked)
  if (fault === null) return doEffect()
  if ('lostReply' in fault) {
    doEffect() // landed first: a deadline that passes while the caller waits must not undo it
    await hang(fault, asked, io)
    throw failure('Unavailable', `${what}: the reply was lost; look to learn what came of it`)
  }
  await hang(fault, asked, io)
  if ('elsewhere' in fault || 'showsLate' in fault || 'half' in fault) {
    advance(state)
    const order = orderOf(asked)
    acceptBadly(state, { cell: admit(state, order), order }, fault)
    if ('elsewhere' in fault && fault.kind !== undefined) {
      throw failure(fault.kind, `${what}: scripted ${fault.kind}, after one place had it`)
    }
    return undefined as T // writes answer nothing
  }
  if ('frozen' in fault) {
    const until = fault.frozen === 'until lifted' ? Infinity : advance(state) + fault.frozen
    freeze(state, { cellKey: `${asked.port} ${asked.target}`, until, cause: fault })
    return doEffect()
  }
  if ('kind' in fault && fault.kind !== undefined) {
    const extras = fault.retryAfterMs === undefined ? {} : { retryAfterMs: fault.retryAfterMs }
    throw failure(fault.kind, `${what}: scripted ${fault.kind}`, extras)
  }
  if ('landsLate' in fault) {
    const order = orderOf(asked)
    const basedOn = fault.blind === true ? null : order.basedOn
    state.late.push({ ...order, basedOn, at: advance(state) + fault.landsLate })
    throw failure('Unavailable', `${what}: no reply in time; look to learn what came of it`)
  }
  if ('ignored' in fault) return undefined as T // verified when scripted: writes only, and they answer nothing
  if ('reading' in fault) return readingOf(fault.reading, state) as T
  if ('finds' in fault) return { findings: fault.finds, fine: [] } as T
  if (!('foreign' in fault)) return doEffect()
  if (fault.moment === 'after') {
    const answer = doEffect()
    intrude(state, asked, fault)
    return answer
  }
  intrude(state, asked, fault)
  return doEffect()
}

/** A look at a cell of the world. */
export function observe(
  state: WorldState,
  { wanted = [], ...asked }: { port: ChangingPort; target: string; wanted?: Json[] },
  io: Io,
): Promise<Observed> {
  const effect = () => {
    const cell = cellOf(state, asked)
    const key = `${cell.port} ${cell.target}`
    const last = wanted.at(-1)
    const reconcilers = reconcilersOf(state, key)
    const declares = last === undefined ? [] : declarationsOf(state, key, last)
    return {
      ...observed(shownOf(state, key, cell)),
      ...(reconcilers.length === 0
        ? {}
        : { reconcilers, cautions: reconcilers.map(({ caution }) => caution) }),
      ...(declares.length === 0 ? {} : { declares }),
    }
  }
  return ask(state, { ...asked, verb: 'observe', effect }, io)
}

/** A write of ours: refused over anything but the version that was seen. */
export function write(state: WorldState, asked: { port: ChangingPort } & Write, io: Io): Promise<void> {
  const { port, target, desired, seen } = asked
  const based = seen.version === undefined ? null : Number(seen.version)
  const order = { cellKey: `${port} ${target}`, value: desired, by: OURS, basedOn: based }
  const effect = () => {
    admit(state, order)
    accept(state, order)
  }
  return ask(state, { port, target, verb: 'write', value: desired, effect, order }, io)
}

/** Refused over anything but the version it was based on. What is still on its way has no version yet. */
function admit(state: WorldState, { cellKey, basedOn }: Order): Cell {
  const at = cellKey.indexOf(' ')
  const cell = cellOf(state, { port: cellKey.slice(0, at) as ChangingPort, target: cellKey.slice(at + 1) })
  if (basedOn !== null && basedOn !== cell.version) throw outdated(cell)
  return cell
}

function orderOf({ order, verb, target }: PortCall<unknown>): Order {
  if (order !== undefined) return order
  throw failure('Bug', `${verb} ${target}: only a write can land late or in part`)
}

/** A write by somebody else: no questions asked. With `place` it reaches that other place of the target only. */
export function stranger(
  state: WorldState,
  by: {
    port: ChangingPort
    target: string
    value: Json
    by: string
    as?: 'person' | 'machine'
    place?: string
  },
): void {
  advance(state)
  const { value, by: writer, as: writtenBy, place } = by
  const cellKey = `${by.port} ${cellOf(state, by).target}`
  const order = {
    cellKey,
    value,
    by: writer,
    basedOn: null,
    ...(writtenBy === undefined ? {} : { writtenBy }),
  }
  if (place === undefined) accept(state, order)
  else landElsewhere(state, place, order)
  touched(state)
}

function observed({ value, version, writer, writtenBy, elsewhere }: Shown): Observed {
  const places = Object.entries(elsewhere).map(([place, held]) => ({ place, value: structuredClone(held) }))
  return {
    value: structuredClone(value),
    version: String(version),
    ...(writer === null ? {} : { writer }),
    ...(writtenBy === null ? {} : { writtenBy }),
    ...(places.length === 0 ? {} : { elsewhere: places }),
  }
}

function outdated(cell: Cell): Error {
  const found = JSON.stringify(cell.value)
  const by = cell.writer ?? 'someone else'
  return failure('Conflict', `${cell.target} was changed by ${by} since it was looked at: found ${found}`, {
    details: { found: cell.value, writer: cell.writer },
  })
}

function intrude<T>(state: WorldState, asked: PortCall<T>, fault: Extract<Fault, { foreign: Json }>): void {
  const { port, target } = fault.target ?? { port: asked.port as ChangingPort, target: asked.target }
  const as = fault.as === undefined ? {} : { as: fault.as }
  stranger(state, { port, target, value: fault.foreign, by: fault.by, ...as })
}

function readingOf(value: number | null, state: WorldState): Json {
  const at = new Date(state.clock.now()).toISOString()
  return value === null
    ? { kind: 'none', why: 'scripted: no data', at }
    : { kind: 'value', value, at, warnings: [] }
}

async function hang<T>(fault: Fault, asked: PortCall<T>, io: Io): Promise<void> {
  if (fault.hang === undefined) return
  await wait(fault.hang, undefined, { signal: io.signal }).catch(() => {
    throw abortOf(io.signal, asked)
  })
}

/** The reason of a cancellation as it is; a deadline that passed is an answer that did not come. */
function abortOf(signal: AbortSignal, { verb, target }: { verb: Verb; target: string }): Error {
  const reason: unknown = signal.reason
  if (reason instanceof Error && reason.name !== 'TimeoutError') return reason
  return failure('Unavailable', `${verb} ${target}: no answer before the deadline`, { cause: reason })
}
