// What Prometheus answered, as one number or the reason why there is none. Pure: no I/O, no clock.
import type { Measurement } from '../../../workflows/ports/metrics.ts'
import { excerpt } from '../../http.ts'
import type { QuerySuccess } from './client.ts'

// Annotations that say something about the query, not about its data. Prometheus 3 lists them under `infos`; 2.4x and what
// is built on it put them among the warnings, with this beginning (util/annotations/annotations.go).
const HARMLESS = /^PromQL info\b/

/** `at` in ISO form. Only one finite sample is a value, and only of a whole answer: part of the data is no data. */
export function toMeasurement(answer: QuerySuccess, at: string): Measurement {
  const number = toNumber(answer.data)
  const remarks = [...answer.warnings.filter((text) => HARMLESS.test(text)), ...answer.infos].map(excerpt)
  const missing = [
    ...(answer.isPartial ? ['isPartial: some of the storage did not answer'] : []),
    ...answer.warnings.filter((text) => !HARMLESS.test(text)).map(excerpt),
  ]
  if (missing.length > 0) {
    const read = typeof number === 'number' ? `; the part that came says ${number}` : `; ${number}`
    return { kind: 'none', why: `a partial answer: ${excerpt(missing.join('; '))}${read}`, at }
  }
  if (typeof number === 'number') return { kind: 'value', value: number, at, warnings: remarks }
  const said = remarks.length === 0 ? '' : ` (Prometheus says: ${remarks.join('; ')})`
  return { kind: 'none', why: `${number}${said}`, at }
}

/** The number, or why there is none. */
function toNumber(data: QuerySuccess['data']): number | string {
  switch (data.resultType) {
    case 'scalar':
      return finite(data.result[1])
    case 'vector': {
      const [first, ...others] = data.result
      if (first === undefined) return 'no series matched'
      if (others.length > 0) return `${data.result.length} series: aggregate with sum()`
      if (first.value === undefined)
        return 'a native histogram: use histogram_quantile() or histogram_count()'
      return finite(first.value[1])
    }
    case 'matrix':
      return 'a range of samples: wrap it in a function such as rate()'
    case 'string':
      return 'a text: the query must give a number'
    default:
      return data satisfies never
  }
}

function finite(text: string): number | string {
  if (text === 'NaN') return 'NaN: 0/0'
  const value = Number(text)
  return Number.isFinite(value) ? value : `${text}: division by zero`
}
