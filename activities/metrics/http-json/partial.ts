// Whether an answer rests on all the data, by what it says of itself. Pure: no I/O, no clock.
import type { Json } from '../../../workflows/json.ts'
import type { HttpJsonConfig } from './schema.ts'
import { valueAt } from './number-at.ts'

const SHOWN_MAX = 60 // of a flag: enough to recognise it

/** Why the answer is a partial one; null = nothing in it says so. */
export function partialReason(
  json: Json,
  { partial, complete }: Pick<HttpJsonConfig, 'partial' | 'complete'>,
): string | null {
  const flag = partial === undefined ? undefined : valueAt(json, partial).value
  if (isSet(flag)) return `a partial answer: ${partial} is ${shown(flag)}`
  for (const [path, wanted] of Object.entries(complete)) {
    const { value, missing } = valueAt(json, path)
    if (value === undefined) return `an answer that does not say whether it is whole: it has no ${missing}`
    if (value !== wanted) return `a partial answer: ${path} is ${shown(value)}, not ${shown(wanted)}`
  }
  return null
}

/** Absent, false, null, 0 and what is empty say that nothing is missing. */
function isSet(flag: Json | undefined): flag is Json {
  if (flag === undefined || flag === null) return false
  if (typeof flag !== 'object') return flag !== false && flag !== 0 && flag !== '' && flag !== 'false'
  return Object.keys(flag).length > 0
}

function shown(value: Json): string {
  const text = JSON.stringify(value)
  return text.length <= SHOWN_MAX ? text : `${text.slice(0, SHOWN_MAX)}...`
}
