// The people of a run: they approve what a step asks, and answer other questions once every fault is over, each by habit.
// Before an answer the question itself is judged: what it says of the world must be so.
import { randomUUID } from 'node:crypto'
import { decide, state as stateQuery, workflowIdOf } from '../../workflows/messages.ts'
import type { Decision, Gate, RunState, StateAnswer } from '../../workflows/run/state.ts'
import type { Inflicting } from './inflict.ts'
import { liesOf } from './questions.ts'
import type { TargetName } from './scenario.ts'
import { type Sight, lookFully } from './sight.ts'
import { putRight } from './stranger.ts'

const LOOK_EVERY_MS = 150
const ANSWER_MS = 1_500 // a worker that lives answers in milliseconds
const HEARD_MS = 1_500 // nobody says it twice at once
const PATIENCE = 4 // answers to one target by habit; after that whatever ends it

export type Attended = Inflicting & { start: Sight }

export type Answered = { at: number; gate: string; verdict: string; title: string }

export type People = {
  answered: Answered[]
  /** What questions said that was not so. */
  lies: string[]
  leave(): Promise<void>
}

export function peopleOf(of: Attended): People {
  const answered: Answered[] = []
  const lies: string[] = []
  const asked = new Map<string, number>()
  const seen = { isOver: false }
  const attend = async (): Promise<void> => {
    while (!seen.isOver) {
      await wait(LOOK_EVERY_MS)
      try {
        for (const gate of (await stateOf(of)).gates) await consider(of, gate, { answered, lies, asked })
      } catch {
        // No worker or no server at this moment, or the gate has closed meanwhile: people look again.
      }
    }
  }
  const attending = attend()
  return {
    answered,
    lies,
    async leave() {
      seen.isOver = true
      await attending
    },
  }
}

type Memory = { answered: Answered[]; lies: string[]; asked: Map<string, number> }

async function consider(of: Attended, gate: Gate, memory: Memory): Promise<void> {
  const { deeds, scenario } = of
  const now = Date.now()
  if (
    gate.answer !== null ||
    memory.answered.some(({ gate: id, at }) => id === gate.id && now - at < HEARD_MS)
  )
    return
  if (gate.kind === 'approval') {
    if (now - gate.openedAt >= scenario.people.approvalAfterMs)
      await say(of, { gate, verdict: 'approve', at: now }, memory)
    return
  }
  const { patienceMs } = scenario.people
  if (deeds.open > 0 || now - Math.max(deeds.lastEndedAt, gate.openedAt) < patienceMs) return
  const world = await lookFully(of.stage, scenario.shape)
  const { gates, weights } = await stateOf(of)
  const present = gates.find(({ id }) => id === gate.id)
  if (present === undefined) return
  memory.lies.push(...liesOf(present, { world, deeds, scenario }))
  const count = (memory.asked.get(gate.kind) ?? 0) + 1
  memory.asked.set(gate.kind, count)
  const at = Date.now() // what they put right by hand is their word already
  const verdict = await habit(present, count, { of, world, weights })
  await say(of, { gate: present, verdict, at }, memory)
}

type Verdict = Decision['verdict']

type Standing = { of: Attended; world: Sight; weights: RunState['weights'] }

async function habit(gate: Gate, count: number, standing: Standing): Promise<Verdict> {
  const { of } = standing
  const { people, shape } = of.scenario
  const ending = (['skip', 'approve', 'abort'] as const).find(
    (each) => each === 'abort' || gate.allows.includes(each),
  )
  if (count > PATIENCE) return ending ?? 'abort'
  switch (gate.kind) {
    case 'drift':
    case 'restore': {
      const way = gate.kind === 'drift' ? people.drift : people.restore
      if (way !== 'put back') return gate.allows.includes(way) || way === 'abort' ? way : 'retry'
      const target = targetOf(gate)
      if (target !== null) await putRight(of.stage, shape, { target, to: rightOf(gate, standing) })
      return 'retry'
    }
    case 'evidence':
      return gate.allows.includes(people.evidence) ? people.evidence : 'abort'
    case 'failure':
      return count === 1 ? 'retry' : 'skip'
    case 'approval':
      return 'approve'
    default:
      return gate.kind satisfies never
  }
}

/** On the way back what was there at the start; on the way there what the run had set, as its question or its state says. */
function rightOf(gate: Gate, { of, world, weights }: Standing): Sight {
  if (gate.kind === 'restore') return of.start
  const set = /set to (.*?), found|^a person: (.*?) (?:expected|when the plan was made),/.exec(gate.waitsFor)
  const text = set?.[1] ?? set?.[2] ?? ''
  const split = /^old (\d+) new (\d+)/.exec(text)
  const record = /^ttl (\d+) values (\S+)/.exec(text)
  if (record !== null)
    return { ...world, record: { ttl: Number(record[1]), values: (record[2] ?? '').split(',') } }
  const [old, fresh] = split?.slice(1).map(Number) ?? [weights['edge']?.old, weights['edge']?.new]
  if (old === undefined || fresh === undefined) return of.start
  return { ...of.start, edge: { ...world.edge, old, new: fresh } }
}

export function targetOf({ title }: Pick<Gate, 'title'>): TargetName | null {
  if (title.includes('edge split')) return 'edge split'
  if (title.includes('edge cohort')) return 'edge cohort'
  if (title.includes('zone api')) return 'zone record'
  return title.includes('fleet new') ? 'fleet new' : null
}

async function stateOf({ stage, service }: Inflicting): Promise<RunState> {
  const { client } = stage.access
  const ask = () => client.workflow.getHandle(workflowIdOf(service)).query<StateAnswer>(stateQuery)
  return (await client.withDeadline(Date.now() + ANSWER_MS, ask)).state
}

async function say(
  { stage, service }: Inflicting,
  { gate, verdict, at }: { gate: Gate; verdict: Verdict; at: number },
  { answered }: Memory,
): Promise<void> {
  const { client } = stage.access
  const decision: Decision = {
    decisionId: randomUUID(),
    gate: verdict === 'abort' ? null : gate.id,
    verdict,
    actor: 'ana',
    reason: `habit at ${gate.kind}`,
    digest: null,
  }
  answered.push({ at, gate: gate.id, verdict, title: gate.title })
  const handle = client.workflow.getHandle(workflowIdOf(service))
  await client.withDeadline(Date.now() + ANSWER_MS, () =>
    handle.executeUpdate(decide, { args: [decision], updateId: decision.decisionId }),
  )
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
