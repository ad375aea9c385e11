// What Prometheus answered, as one number or the reason why there is none. Pure: no I/O, no clock.
import type { Measurement } from '../../../workflows/ports/metrics.ts'
import type { QueryData } from './client.ts'

/** `at` in ISO form. Only one finite sample is a value: no data, NaN and several series never are. */
export function toMeasurement(data: QueryData, at: string, warnings: string[]): Measurement {
  const number = toNumber(data)
  if (typeof number === 'number') return { kind: 'value', value: number, at, warnings }
  const said = warnings.length === 0 ? '' : ` (Prometheus says: ${warnings.join('; ')})`
  return { kind: 'none', why: `${number}${said}`, at }
}

/** The number, or why there is none. */
function toNumber(data: QueryData): number | string {
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
