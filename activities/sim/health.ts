// What a simulated side answers to a probe. Whether that will do is judged as for a real service.
import type { JsonObject } from '../../workflows/json.ts'
import type { ProbeRequest, ProbeResult } from '../../workflows/ports/probe.ts'
import { judge } from '../probe/http/judge.ts'
import { readyCount } from './capacity.ts'
import { spread } from './sample.ts'
import type { Side, WorldState } from './state.ts'

/** Who is asked, and what a good answer says besides the health of that side. */
interface Probed {
  side: Side
  body: JsonObject
}

const LIVENESS = /\blive(?:z|ness)?\b/ // a path that asks for life only is told nothing else
const STEP = 0.618_033_988_75 // of the sequence by which failures are spread, as in sample.ts

export function answer(state: WorldState, asked: Probed, request: ProbeRequest): ProbeResult {
  if (readyCount(state.fleets[asked.side], state.cursor) === 0) {
    return noAnswer(`${asked.side} has no instance that is ready`)
  }
  const { errorRatio, latencyMs, health } = state.sides[asked.side]
  const number = state.calls.filter((call) => call.port === 'probe').length
  const isFailing = spread(number + state.seed, STEP) < errorRatio
  const healthy = LIVENESS.test(request.path) ? { status: 'ok' } : { ...health, ...asked.body }
  const body = JSON.stringify(isFailing ? { status: 'failing' } : healthy)
  const status = isFailing ? 500 : 200
  const judgement = judge(request, { status, location: null, latencyMs, body })
  return { good: judgement.problems.length === 0, status, latencyMs, ...judgement }
}

/** Silence is a result of a probe, not an exception. */
export function noAnswer(why: string): ProbeResult {
  return { good: false, status: null, latencyMs: 0, problems: [`no answer: ${why}`], shallow: null }
}
