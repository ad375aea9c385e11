// What a step asks a hold for. Types only; hold.ts carries it out, and hold-back.ts on the way back.
import type { Json } from '../json.ts'
import type { ConfirmRequest } from '../ports/target.ts'
import type { Subject } from '../watched/index.ts'

/** An effect to be seen on the port's independent path. */
export interface Confirming {
  connection: string
  target: string
  desired: Json
  options: ConfirmRequest['options']
  everyMs: number
  withinMs: number
  /** Not seen in time: `fail` ends the step, `ask` asks a person (the write itself was verified). */
  otherwise: 'fail' | 'ask'
}

/** How long good checks are waited for once the time is over, and the names of those that are then done without. */
export interface Gating {
  extendMs: number
  forgone?: string[]
}

export interface Holding {
  /** Names this hold within its step: deadlines and gates are kept under it. */
  key: string
  title: string
  forMs: number
  /** Watched while the hold lasts (on the way back nothing is). With `gating`, it ends only when all of them are good often enough. */
  subjects: Subject[]
  gating: Gating | null
  confirm: Confirming[]
}
