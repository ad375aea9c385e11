// The demo without servers: the same runs over the simulated world, with a worker in this process. Needs Temporal alone.
import type { Output } from '../../client/command.ts'
import type { Story } from './story.ts'

// eslint-disable-next-line @typescript-eslint/require-await
export async function runSimulated(_: { story: Story; out: Output; acts: string[]; signal: AbortSignal }): Promise<number> {
  throw new Error('not there yet')
}
