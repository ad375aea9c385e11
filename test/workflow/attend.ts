// Stands by a run as people would: answers its gates by a policy, ends the trouble when asked, and says how it all ended.
import type { ChangingPort } from '../../workflows/ports/index.ts'
import type { WorkflowFailedError } from '@temporalio/client'
import type { World } from '../../activities/sim/world.ts'
import type { Json } from '../../workflows/json.ts'
import type { Result } from '../../workflows/run/end.ts'
import type { Gate, RunState } from '../../workflows/run/state.ts'
import type { Run } from './bench.ts'
import { story } from './bench.ts'

export const STRANGER = 'mallory'

export interface Policy {
  /** What people do once they are asked about trouble. `right`: put it right, then retry. */
  trouble: 'right' | 'abort' | 'skip'
  /** Takes the scripted trouble away. */
  lift?(): void
}

export interface Ending {
  how: Result['outcome'] | 'failed' | 'hanging'
  result: Result | null
  state: RunState | null
  /** Every gate that was answered, approvals aside. */
  asked: Gate[]
  snapshot: string
  /** Writes landed when the run ended: none may follow. */
  landed: number
  error: string
}

const HANGS_MS = 300_000 // far longer than the slowest of these runs, also on a machine that has other things to do
const LOOK_MS = 100
const QUERY_EVERY_MS = 1_000 // a query is a workflow task: notices say sooner that somebody is asked

export async function attend(run: Run, policy: Policy): Promise<Ending> {
  const over: { result: Result | null; error: string | null } = { result: null, error: null }
  const end = run.handle.result().then(
    (result) => (over.result = result),
    (error: WorkflowFailedError) => (over.error = `${error.message}: ${String(error.cause)}`),
  )
  const asked: Gate[] = []
  const answered = new Set<string>()
  const deadline = Date.now() + HANGS_MS
  let notices = 0
  let lookedAt = Date.now()
  while (over.result === null && over.error === null && Date.now() < deadline) {
    await Promise.race([end, new Promise((resolve) => setTimeout(resolve, LOOK_MS))])
    const told = run.world.notices().filter(({ level }) => level === 'ask').length
    if (told === notices && Date.now() - lookedAt < QUERY_EVERY_MS) continue
    if (over.result !== null || over.error !== null) break
    lookedAt = Date.now()
    const state = await run.state().catch(() => null) // a busy server may drop a query; the next look asks again
    if (state === null) continue
    const open = state.gates.filter((gate) => gate.answer === null && !answered.has(gate.id))
    if (open.length > 0) notices = told
    for (const gate of open) {
      if (gate.kind !== 'approval' && asked.every(({ id }) => id !== gate.id)) asked.push(gate)
      if (await answer(run, gate, policy)) answered.add(gate.id)
    }
  }
  const landed = run.world.landed().length
  const snapshot = run.world.snapshot()
  const state = await run.state().catch(() => null)
  const how = over.result?.outcome ?? (over.error === null ? 'hanging' : 'failed')
  return { how, result: over.result, state, asked, snapshot, landed, error: over.error ?? story(state) }
}

/** False: it was not heard, since the gate has closed by itself, or since a worker died over it; then it is still open. */
async function answer(run: Run, gate: Gate, { trouble, lift }: Policy): Promise<boolean> {
  const decide = (verdict: 'approve' | 'retry' | 'skip' | 'abort') =>
    run.decide({ verdict, gate: verdict === 'abort' ? null : gate.id }).then(
      () => true,
      () => false,
    )
  if (gate.kind === 'approval') return await decide('approve')
  const isBack = gate.kind === 'restore'
  const { pointOfNoReturn } = await run.state()
  if (trouble === 'abort' && !isBack && pointOfNoReturn === null) return await decide('abort')
  if (trouble === 'skip' && gate.allows.includes('skip')) return await decide('skip')
  lift?.()
  putRight(run)
  return await decide('retry')
}

/** What a stranger wrote becomes again what it was before them. */
export function putRight({ world, before }: { world: World; before: string }): void {
  const starting = JSON.parse(before) as { [key: string]: Json }
  const landed = world.landed()
  const theirs = landed.findLast(({ by }) => by === STRANGER)
  if (theirs === undefined) return
  const { port, target } = theirs
  const ours = landed.findLast((each) => each.port === port && each.target === target && each.by !== STRANGER)
  const value = ours?.value ?? starting[`${port} ${target}`]
  if (value !== undefined)
    world.stranger({ port: port as ChangingPort, target, value, by: `${STRANGER}, sorry` })
}
