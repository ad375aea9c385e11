// What is suspended is handed back, and does not go on by itself while the run still needs it suspended.
import { formatDuration } from '../../../workflows/quantities.ts'
import { mainConnectionsIn } from '../../../workflows/steps/connections.ts'
import { kindOf, outline } from '../../../workflows/steps/kind-of.ts'
import type { Parts, Step } from '../parts.ts'
import type { Finding } from '../problem.ts'

export function suspensionFindings({ steps }: Parts): Finding[] {
  return [
    ...steps.flatMap((step) =>
      suspendedBy(step).flatMap((name) => {
        const path = placeOf(step, name)
        if (steps.some((other) => other.index < step.index && suspendedBy(other).includes(name)))
          return [{ path, message: `${name} is suspended already`, fix: `leave ${name} out` }]
        if (handbackOf(name, step, steps) !== undefined) return []
        const message = `${name} is suspended and never handed back: it would go on when its time is over, and put back what the run has done`
        return [{ path, message, fix: `add a step behind those that it must not undo: ${handing(name)}` }]
      }),
    ),
    ...steps.flatMap((step) =>
      (kindOf(step).handsBack?.(step.spec) ?? [])
        .filter(
          (name) => !steps.some((other) => other.index < step.index && suspendedBy(other).includes(name)),
        )
        .map((name) => ({
          path: placeOf(step, name),
          message: `nothing has suspended ${name} before it`,
          fix: 'suspend it first, or leave this step out',
        })),
    ),
  ]
}

/** It may go on too early: worth a word. */
export function earlyExpiries({ steps }: Parts): Finding[] {
  return steps.flatMap((step) => {
    const suspending = kindOf(step).suspends?.(step.spec)
    if (suspending === undefined) return []
    const ends = suspending.connections.map((name) => handbackOf(name, step, steps)?.index ?? -1)
    const during = steps.filter(({ index }) => index >= step.index && index <= Math.max(...ends))
    const lasting = during.map((each) => ({ each, longestMs: outline(each, () => undefined).longestMs }))
    const endless = lasting.find(({ longestMs }) => longestMs === null)?.each
    const longestMs = lasting.reduce((sum, { longestMs: ms }) => sum + (ms ?? 0), 0)
    const path = [...step.path, ...suspending.path]
    if (longestMs > suspending.forMs) {
      const message = `the steps until its handback may take ${formatDuration(longestMs)}, and it goes on after ${formatDuration(suspending.forMs)}: what is changed by then may be put back`
      return [{ path, message, fix: `write ${formatDuration(longestMs)} or more` }]
    }
    if (endless === undefined) return []
    const message = `step ${endless.index + 1} (${endless.kind}) waits for a person for as long as it takes, and it goes on after ${formatDuration(suspending.forMs)}`
    return [{ path, message, fix: 'extend the run in time, or let that step expire' }]
  })
}

function suspendedBy(step: Step): readonly string[] {
  return kindOf(step).suspends?.(step.spec).connections ?? []
}

function handbackOf(name: string, { index }: Step, steps: readonly Step[]): Step | undefined {
  return steps.find(
    (other) => other.index > index && (kindOf(other).handsBack?.(other.spec) ?? []).includes(name),
  )
}

function placeOf(step: Step, name: string): Finding['path'] {
  const named = mainConnectionsIn(step).find((each) => each.name === name)
  return [...step.path, ...(named?.path ?? [])]
}

function handing(name: string): string {
  return `- handback: { connection: ${name} }`
}
