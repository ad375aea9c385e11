// The end of a demo on a terminal: what it has shown stays there to be looked at, until the person leaves.
import type { Story } from './story.ts'

/** Tells where the Temporal UI is, and returns with Ctrl-C. */
export async function untilCtrlC(
  story: Story,
  { uiUrl, signal }: { uiUrl: string | null; signal: AbortSignal },
): Promise<void> {
  story.say(`Temporal   ${uiUrl ?? 'has no UI here'}`)
  story.say('The servers stay up for you to look around. Ctrl-C ends them.')
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
