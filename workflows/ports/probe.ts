// Probe: asks a service a question as a client would, and says whether the answer will do.
import type { Json } from '../json.ts'
import { definePort } from './port.ts'
import type { Io } from './target.ts'

/** One request and what its answer must be. All conditions that are given must hold. */
export type ProbeRequest = {
  name: string
  method: 'GET' | 'HEAD' | 'POST'
  path: string
  /** Sent with it, over those of the connection; never secrets. */
  headers?: { [name: string]: string }
  body?: Json
  expect: {
    status: number
    /** Dotted path into a JSON body -> the value it must have: `checks.database: ok`. */
    json?: { [path: string]: Json }
    contains?: string
    latency_max?: string
  }
  /** Demand a deep health check: an answer that names no dependency it looked at is a problem. */
  deep: boolean
}

export interface ProbeResult {
  good: boolean
  status: number | null
  latencyMs: number
  /** What was expected and what came back, one line per problem; empty when good. */
  problems: string[]
  /** Why the check looks shallow (only a status, no dependency named), if it does. */
  shallow: string | null
}

export interface ProbePort {
  /** A service that does not answer is a `good: false`, not an exception. Raises Config only. */
  probe(request: ProbeRequest, io: Io): Promise<ProbeResult>
}

export interface ProbeSupports {
  port: 'probe'
  cautions: string[]
}

export const probe = definePort({ changing: null })
