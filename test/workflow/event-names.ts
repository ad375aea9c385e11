// What the server has written about a run, by the names of its events.
import type { Run } from './bench.ts'

const ENDING = 'EventAttributes'

/** In their order, as the API names their attributes: `timerFired`, `workflowTaskStarted`. */
export async function eventNames({ handle }: Run): Promise<string[]> {
  const { events } = await handle.fetchHistory()
  return (events ?? []).map((event) => {
    const key = Object.keys(event).find((name) => name.endsWith(ENDING)) ?? ''
    return key.slice(0, -ENDING.length)
  })
}
