// Metrics: one number for one query. No data is an answer of its own and never a number.
import { definePort } from './port.ts'
import type { Io } from './target.ts'

export type Measurement =
  /** `warnings`: what the backend remarked of the query. An answer that rests on part of the data is no value. */
  | { kind: 'value'; value: number; at: string; warnings: string[] }
  /** Nothing to judge: empty result, NaN, infinity, several series, part of the data missing. `why` is for people. */
  | { kind: 'none'; why: string; at: string }

export interface MetricsPort {
  /** Raises Rejected (the query is wrong), Denied, Unavailable, Throttled, Config. */
  query(query: string, io: Io): Promise<Measurement>
}

export interface MetricsSupports {
  port: 'metrics'
  /** Language of `query`; `promql` is parsed when a runbook is validated. */
  language: 'promql' | 'text'
  cautions: string[]
}

export const metrics = definePort({ changing: null })
