// How a runbook says where requests are counted: queries of a Prometheus, each one number that only grows. Holds no client code;
// who asks them stands in queried.ts.
import { z } from 'zod'
import { PrometheusConfig } from '../metrics/prometheus/schema.ts'

export const CountQuery = z.string().min(1).max(4_096)

export const countsFrom = PrometheusConfig.describe('The Prometheus that has the counters')

/** Of an edge with an old and a new side, and a shadow where it has one. */
export const Counts = z.strictObject({
  from: countsFrom,
  old: CountQuery.describe(
    'PromQL: requests that the old side was given so far, as one number that only grows',
  ),
  new: CountQuery.describe('PromQL: the same of the new side'),
  shadow: CountQuery.exactOptional().describe('PromQL: copies that the shadow was given so far'),
})
