// What a simulated side answers to a probe, and whether that answer will do. The rules are those of the probe port.
import { type Json, type JsonObject, canonicalJson } from '../../workflows/json.ts'
import type { ProbeRequest, ProbeResult } from '../../workflows/ports/probe.ts'
import { milliseconds } from '../../workflows/quantities.ts'
import { readyCount } from './capacity.ts'
import { spread } from './sample.ts'
import type { Side, WorldState } from './state.ts'

/** Who is asked, and what a good answer says besides the health of that side. */
interface Asked {
  side: Side
  body: JsonObject
}

export function answer(state: WorldState, { side, body: extra }: Asked, request: ProbeRequest): ProbeResult {
  if (readyCount(state.fleets[side], state.cursor) === 0) {
    const problems = [`${request.path}: no answer, ${side} has no instance that is ready`]
    return { good: false, status: null, latencyMs: 0, problems, shallow: null }
  }
  const { errorRatio, latencyMs, health } = state.sides[side]
  const asked = state.calls.filter((call) => call.port === 'probe').length
  const isFailing = spread(asked + state.seed, 0.618_033_988_75) < errorRatio
  const status = isFailing ? 500 : 200
  const body: Json = isFailing ? { status: 'failing' } : { ...health, ...extra }
  const problems = [...problemsOf(request, { status, body }), ...tooSlow(request, latencyMs)]
  const shallow = namesDependencies(health) ? null : 'the answer names no dependency that was looked at'
  if (request.deep && shallow !== null) problems.push(`${request.path}: ${shallow}`)
  return { good: problems.length === 0, status, latencyMs, problems, shallow }
}

function problemsOf({ path, expect }: ProbeRequest, got: { status: number; body: Json }): string[] {
  const problems: string[] = []
  if (got.status !== expect.status) problems.push(`${path}: expected ${expect.status}, got ${got.status}`)
  for (const [key, wanted] of Object.entries(expect.json ?? {})) {
    const found = at(got.body, key)
    if (found !== undefined && canonicalJson(found) === canonicalJson(wanted)) continue
    const seen = found === undefined ? 'nothing' : JSON.stringify(found)
    problems.push(`${path}: expected ${key} = ${JSON.stringify(wanted)}, got ${seen}`)
  }
  if (expect.contains !== undefined && !JSON.stringify(got.body).includes(expect.contains)) {
    problems.push(`${path}: expected the answer to contain ${JSON.stringify(expect.contains)}`)
  }
  return problems
}

function tooSlow({ path, expect }: ProbeRequest, latencyMs: number): string[] {
  const limit = expect.latency_max
  if (limit === undefined || latencyMs <= milliseconds(limit)) return []
  return [`${path}: expected an answer within ${limit}, it took ${latencyMs} ms`]
}

function at(body: Json, path: string): Json | undefined {
  let here: Json | undefined = body
  for (const key of path.split('.')) {
    if (typeof here !== 'object' || here === null || Array.isArray(here)) return undefined
    here = here[key]
  }
  return here
}

function namesDependencies(health: { [key: string]: Json }): boolean {
  return Object.values(health).some((part) => typeof part === 'object' && part !== null)
}
