// What is declared elsewhere and put back: a reconciler of the world looks every so often, and writes what differs, unless it is
// suspended. What it has begun before that still lands, as with the real ones.
import type { JsonObject } from '../../workflows/json.ts'
import { matches } from '../../workflows/json.ts'
import {
  RECONCILING,
  type ReconcilerConfirmOptions,
  type Reconciling,
} from '../../workflows/ports/reconciler.ts'
import type { Confirmation, ConfirmRequest, Declaration, Reconciler } from '../../workflows/ports/target.ts'
import type { Json } from '../../workflows/json.ts'
import { land } from './cells.ts'
import type { WorldState } from './state.ts'

type Sync = { name: string; at: number }

/** The next moment up to `now` at which a reconciler finds something to do. */
export function nextSync(state: WorldState, now: number): Sync | undefined {
  return [...state.reconcilers.entries()]
    .filter(([name]) => isReconciling(state, name) && differing(state, name).length > 0)
    .map(([name, { everyMs, since }]) => ({
      name,
      at: since + Math.ceil(Math.max(0, state.cursor - since) / everyMs) * everyMs,
    }))
    .filter(({ at }) => at <= now)
    .toSorted((a, b) => a.at - b.at)[0]
}

export function sync(state: WorldState, { name }: Sync): void {
  const takesMs = state.reconcilers.get(name)?.takesMs ?? 0
  for (const { cellKey, value } of differing(state, name)) {
    const order = { cellKey, value, by: name, writtenBy: 'machine' } as const
    if (takesMs === 0) land(state, order)
    else state.late.push({ ...order, basedOn: null, at: state.cursor + takesMs })
  }
}

/** What it would write, and has not begun to. */
function differing(state: WorldState, name: string): { cellKey: string; value: Json }[] {
  return (state.reconcilers.get(name)?.declares ?? []).filter(({ cellKey, value }) => {
    const cell = state.cells.get(cellKey)
    const isBegun = state.late.some((write) => write.cellKey === cellKey && write.by === name)
    return cell !== undefined && !isBegun && !matches(cell.value, value)
  })
}

function isReconciling(state: WorldState, name: string): boolean {
  const cell = state.cells.get(`reconciler ${name} ${RECONCILING}`)
  return (cell?.value as Reconciling | undefined)?.suspended === false
}

/** Who declares a thing of the world. */
export function reconcilersOf(state: WorldState, cellKey: string): Reconciler[] {
  return [...state.reconcilers].flatMap(([name, { declares }]) => {
    if (!declares.some((each) => each.cellKey === cellKey)) return []
    const caution = `${name} declares it and puts back what is set here: suspend it for the time of the run`
    return [{ name, object: cellKey, caution }]
  })
}

/** What it must declare instead. */
export function declarationsOf(state: WorldState, cellKey: string, value: Json): Declaration[] {
  if (reconcilersOf(state, cellKey).length === 0) return []
  return [{ object: cellKey, patch: [{ op: 'replace', path: '', value }] }]
}

export function agreed(state: WorldState, name: string, request: ConfirmRequest): Confirmation {
  const { expects, objects } = request.options as ReconcilerConfirmOptions
  const own = state.reconcilers.get(name)?.declares ?? []
  if (expects === 'quiet') {
    const begun = state.late.filter(({ by }) => by === name)
    const isQuiet = begun.length === 0 && !isReconciling(state, name)
    return { settled: isQuiet, lines: [`${name}: ${begun.length} writes under way`] }
  }
  const isAsked = ({ cellKey }: { cellKey: string }) => objects.length === 0 || objects.includes(cellKey)
  const lines = own.filter(isAsked).flatMap(({ cellKey, value }) => {
    const live = state.cells.get(cellKey)?.value ?? null
    if (matches(live, value)) return []
    return [`${name} declares ${cellKey} as ${JSON.stringify(value)}, it is ${JSON.stringify(live)}`]
  })
  const isOn = isReconciling(state, name)
  if (isOn === (request.desired as JsonObject)['suspended'])
    return { settled: false, lines: [`${name} is ${isOn ? 'not ' : ''}suspended`] }
  return lines.length > 0 ? { settled: false, lines } : { settled: true, lines: [`${name} agrees`] }
}
