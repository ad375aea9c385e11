// The contract between the verb table and one verb: flags, what a run of it gets, how it answers.
// Types only; parsing lives in main.ts, printing in output/.
import type { TemporalAccess } from '../view/access.ts'
import type { Json } from '../workflows/json.ts'

export interface Flag {
  name: string
  short?: string
  /** The placeholder shown in help; absent means a boolean flag. */
  value?: string
  about: string
  repeatable?: boolean
}

export interface Invocation {
  args: string[]
  flags: Record<string, string | boolean | string[] | undefined>
  out: Output
  env: Record<string, string | undefined>
  signal: AbortSignal
  temporal(): Promise<OpenAccess>
}

export interface Output {
  json: boolean
  tty: boolean
  color: boolean
  width: number
  write(text: string): void
  line(text?: string): void
  error(text: string): void
  document(value: Json): void
}

export interface Command {
  name: string
  usage: string
  about: string
  details?: string
  /** Command lines as they are typed. */
  examples: string[]
  flags: Flag[]
  run(invocation: Invocation): Promise<number>
}

/** The CLI's own: it is closed behind a verb. */
export interface OpenAccess extends TemporalAccess {
  /** Where the Temporal UI is; null = not known. */
  uiUrl: string | null
  close(): Promise<void>
}
