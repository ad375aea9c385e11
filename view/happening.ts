// What happened in a run, as its history tells it.

/** One event of the history that people may care about, decoded. */
export type Happening =
  | {
      what: 'activity'
      at: number
      type: string
      summary: string | null
      input: unknown
      end: ActivityEnd | null
    }
  | { what: 'timer'; at: number; summary: string | null }
  | { what: 'message'; at: number; how: 'signal' | 'update'; name: string; said: unknown; processed: boolean }
  | { what: 'cancel'; at: number; processed: boolean }
  | { what: 'closed'; at: number; how: string; result: unknown }

export type ActivityEnd = { at: number; ok: boolean; result: unknown; problem: string | null }
