// Trouble as tests script it: which call it meets and what it does to it. Data; faults.ts lets it happen.
import type { FailureKind } from '../../workflows/failure.ts'
import type { Json } from '../../workflows/json.ts'
import type { ChangingPort, PortName } from '../../workflows/ports/index.ts'
import type { Finding } from '../../workflows/ports/preflight.ts'

export type Verb =
  | 'observe'
  | 'write'
  | 'confirm'
  | 'count'
  | 'query'
  | 'probe'
  | 'examine'
  | 'send'
  | 'reach'

export interface When {
  port: PortName
  /** Left out: any verb of the port. */
  verb?: Verb
  /** `split` or `edge split`, `api.example.com. A`, `new`, a query. Left out: any. */
  target?: string
  /** Which of the matching calls since the script was given, counted from 1. */
  call: number | 'every'
  /** Calls in the first so many milliseconds do not count. */
  after?: number
}

export type Fault = { hang?: number } & (
  | { kind: FailureKind; retryAfterMs?: number }
  /** Answers only after so many milliseconds of real time; ends with the signal of the call at the latest. */
  | { hang: number }
  /**
   * The caller of a write is told Unavailable at once; it lands so many milliseconds later, unless somebody wrote in between.
   * `blind`: it lands over that, too, as a backend without compare-and-set would let it.
   */
  | { landsLate: number; blind?: boolean }
  /** The write lands, the caller is told Unavailable (with `hang`: after having waited in vain). */
  | { lostReply: true }
  /** The write is accepted and nothing changes. */
  | { ignored: true }
  /**
   * The write is accepted and shows so many milliseconds later, to looks and users alike. Writes keep their order: whatever is
   * written to the target meanwhile shows after it.
   */
  | { showsLate: number }
  /** The write is accepted and this part of it alone is done: the weight of one side, the `ttl` or the `values` of a record. */
  | { half: string }
  /**
   * Looks at the target answer what it held before this call, for so many milliseconds or until the script ends; what is
   * written takes effect, and users notice.
   */
  | { frozen: number | 'until lifted' }
  /**
   * Another place of the target (`a file` when none is named) `keeps` what it holds, or it alone `gets` the write. With
   * `followsAfter` the rest follows so many milliseconds later; with `kind` the caller is told of that failure.
   */
  | { elsewhere: 'keeps' | 'gets'; place?: string; followsAfter?: number; kind?: FailureKind }
  /** Somebody else writes just before the call (or after it); what, when the call's own target is not meant: `target`. */
  | {
      foreign: Json
      by: string
      /** What the backend knows of them. */
      as?: 'person' | 'machine'
      moment?: 'before' | 'after'
      target?: { port: ChangingPort; target: string }
    }
  /** A query is answered with this number; null = no data. */
  | { reading: number | null }
  /** A preflight finds exactly this, whatever is so: nothing where something is wrong, or something where nothing is. */
  | { finds: Finding[] }
)

export interface Rule {
  when: When
  fault: Fault
}

export interface ActiveRule extends Rule {
  since: number
  seen: number
  fired: number
}
