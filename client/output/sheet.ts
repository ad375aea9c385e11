// What the text of a run is made on: the run, and the terminal that shows it.
import type { RunView } from '../../view/model.ts'
import type { Paint } from './paint.ts'

/** What gives way when a terminal is low. What is asked of people, and what is bad, never does. */
export type Fold = {
  /** Lines of the log that are shown. */
  logLines: number
  /** `near`: finished and later steps are only counted; `present`: all but the present one. */
  steps: 'all' | 'near' | 'present'
  /** `worrying`: good ones are only named. */
  guards: 'all' | 'worrying'
  bars: boolean
  /** What a hold waits for, as a section: its first lines stand at the top in any case. */
  hold: boolean
  /** Hardly any room: of the head the headline and whether it can go back, of a question its title and commands. */
  brief: boolean
}

export type Look = {
  width: number
  color: boolean
  now: number
  fold: Fold
  /** The run in the Temporal UI, where that is known. */
  uiUrl?: string | null
}

export const UNFOLDED: Fold = {
  logLines: 6,
  steps: 'all',
  guards: 'all',
  bars: true,
  hold: true,
  brief: false,
}

export type Sheet = { view: RunView; look: Look; ink: Paint }
