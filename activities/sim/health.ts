// What a simulated side answers to a probe. Whether that will do is judged as for a real service.
import type { JsonObject } from '../../workflows/json.ts'
import type { ProbeRequest, ProbeResult } from '../../workflows/ports/probe.ts'
import { judge } from '../probe/http/judge.ts'
import { readyCount } from './capacity.ts'
import { spread } from './sample.ts'
import type { Side, WorldState } from './state.ts'
import { membersOf, shareOfNew } from './traffic.ts'

/** Who is asked, and what a good answer says besides the health of that side. */
interface Probed {
  side: Side
  body: JsonObject
}

/** Whom a request meets: a side, or through a balancer the one that its cohort and its weights lead to, which then says so. */
export function metBy(
  state: WorldState,
  { side, body, balancer }: Probed & { balancer?: string | undefined },
  { headers = {} }: ProbeRequest,
): Probed {
  if (balancer === undefined) return { side, body }
  const said = Object.values(headers).flatMap((text) => [text, text.replace(/^[^=]*=/, '')]) // `tenant=acme` of a cookie
  const isMember = membersOf(state, balancer).some((member) => said.includes(member))
  const number = state.calls.filter(({ port }) => port === 'probe').length
  const isNew = isMember || spread(number + state.seed, STEP) < (shareOfNew(state, balancer) ?? 0)
  const met = isNew ? 'new' : 'old'
  return { side: met, body: { ...body, side: met } }
}

const LIVENESS = /\blive(?:z|ness)?\b/ // a path that asks for life only is told nothing else
const STEP = 0.618_033_988_75 // of the sequence by which failures are spread, as in sample.ts

export function answer(state: WorldState, of: Probed, request: ProbeRequest): ProbeResult {
  if (readyCount(state.fleets[of.side], state.cursor) === 0) {
    return noAnswer(`${of.side} has no instance that is ready`)
  }
  const { errorRatio, latencyMs, health } = state.sides[of.side]
  const number = state.calls.filter((call) => call.port === 'probe').length
  const isFailing = spread(number + state.seed, STEP) < errorRatio
  const healthy = LIVENESS.test(request.path) ? { status: 'ok' } : { ...health, ...of.body }
  const body = JSON.stringify(isFailing ? { status: 'failing' } : healthy)
  const status = isFailing ? 500 : 200
  const judgement = judge(request, { status, location: null, latencyMs, body })
  return { good: judgement.problems.length === 0, status, latencyMs, ...judgement }
}

/** Silence is a result of a probe, not an exception. */
export function noAnswer(why: string): ProbeResult {
  return { good: false, status: null, latencyMs: 0, problems: [`no answer: ${why}`], shallow: null }
}
