// What the text of a run is made on: the run, and the terminal that shows it.
import type { RunView } from '../../view/model.ts'
import type { Paint } from './paint.ts'

export type Look = {
  width: number
  color: boolean
  now: number
  /** Lines of log to show. */ logLines: number
}

export type Sheet = { view: RunView; look: Look; ink: Paint }
