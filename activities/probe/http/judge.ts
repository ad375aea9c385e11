// Whether an answer is what a probe expects: one line per problem. Pure; texts come redacted by the caller.
import { type Json, sameJson } from '../../../workflows/json.ts'
import type { ProbeRequest } from '../../../workflows/ports/probe.ts'
import { milliseconds } from '../../../workflows/quantities.ts'
import type { Answer } from './client.ts'
import { parseJson, shallowness } from './shallow.ts'

const FOUND_CHARACTERS_MAX = 120 // a value in a line for people

export interface Judgement {
  problems: string[]
  shallow: string | null
}

export function judge(request: ProbeRequest, answer: Answer): Judgement {
  const { expect } = request
  const shallow = shallowness(request.method === 'HEAD' ? null : answer.body)
  const problems: string[] = []
  if (answer.status !== expect.status) {
    const to = answer.location === null ? '' : ` to ${shown(answer.location)}`
    problems.push(`status: expected ${expect.status}, came ${answer.status}${to}`)
  }
  if (expect.latency_max !== undefined && answer.latencyMs > milliseconds(expect.latency_max)) {
    problems.push(`latency: allowed ${expect.latency_max}, took ${answer.latencyMs} ms`)
  }
  if (expect.contains !== undefined && !answer.body.includes(expect.contains)) {
    problems.push(`body: expected to contain ${shown(expect.contains)}, came ${shown(answer.body)}`)
  }
  if (expect.json !== undefined) problems.push(...jsonProblems(expect.json, answer.body))
  if (request.deep && shallow !== null) problems.push(`deep check asked for, but ${shallow}`)
  return { problems, shallow }
}

function jsonProblems(expected: { [path: string]: Json }, body: string): string[] {
  const json = parseJson(body)
  if (json === undefined) return [`body: expected JSON, came ${shown(body)}`]
  return Object.entries(expected).flatMap(([path, wanted]) => {
    const found = valueAt(json, path)
    if (found === undefined) return [`${path}: expected ${shown(wanted)}, not in the answer`]
    return sameJson(found, wanted) ? [] : [`${path}: expected ${shown(wanted)}, came ${shown(found)}`]
  })
}

/** The value at a dotted path; a part may itself hold dots (`checks.db.example`), numbers index lists. */
function valueAt(json: Json, path: string): Json | undefined {
  if (json === null || typeof json !== 'object') return undefined
  const own = (key: string): Json | undefined =>
    Object.hasOwn(json, key) ? (json as { [key: string]: Json })[key] : undefined
  const whole = own(path)
  if (whole !== undefined) return whole
  for (let dot = path.indexOf('.'); dot !== -1; dot = path.indexOf('.', dot + 1)) {
    const inner = own(path.slice(0, dot))
    const found = inner === undefined ? undefined : valueAt(inner, path.slice(dot + 1))
    if (found !== undefined) return found
  }
  return undefined
}

function shown(value: Json): string {
  const text = JSON.stringify(value)
  return text.length <= FOUND_CHARACTERS_MAX ? text : `${text.slice(0, FOUND_CHARACTERS_MAX)}...`
}
