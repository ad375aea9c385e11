// Notify: tells people. Best effort: a run never waits for it and never fails by it.
import { definePort } from './port.ts'
import type { Io } from './target.ts'

export type Notice = {
  /** The same key is the same notice: receivers may drop the second. */
  key: string
  service: string
  title: string
  text: string
  level: 'info' | 'ask' | 'alarm'
}

export interface NotifyPort {
  /** Raises Denied, Rejected, Unavailable, Throttled, Config. */
  send(notice: Notice, io: Io): Promise<void>
  /** As far as it can be tried without telling anybody anything; what came back, in words. Raises what `send` raises. */
  reach(io: Io): Promise<string>
}

export interface NotifySupports {
  port: 'notify'
  cautions: string[]
}

export const notify = definePort({ changing: null })
