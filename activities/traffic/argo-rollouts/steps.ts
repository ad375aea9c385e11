// The steps of a Rollout as places where a cutover can stand: pauses without an end, each with the weight that holds at it. Pure.
import type { Split } from '../../../workflows/ports/traffic.ts'
import { splitAt } from '../../../workflows/ports/traffic.ts'
import { type Rollout, type Step, canaryOf, isRead, isUpdating } from './rollout.ts'

const MAX_WEIGHT = 100 // unless the traffic router says otherwise

/** A pause without an end. */
export interface Stop {
  at: number
  /** Percent of users on the new version. */
  share: number
  /** The step that sets its weight: whoever goes there begins with it. */
  from: number
}

/** By themselves they take no time and judge nothing. */
const QUIET = ['setWeight', 'setCanaryScale', 'setHeaderRoute', 'setMirrorRoute']

export function stepsOf(rollout: Rollout): Step[] {
  return canaryOf(rollout).steps ?? []
}

export function maxWeightOf(rollout: Rollout): number {
  const { trafficRouting } = canaryOf(rollout) as { trafficRouting?: { maxTrafficWeight?: number } }
  return trafficRouting?.maxTrafficWeight ?? MAX_WEIGHT
}

export function stopsOf(rollout: Rollout): Stop[] {
  const steps = stepsOf(rollout)
  return steps.flatMap((step, at) => {
    if (step.pause === undefined || step.pause.duration !== undefined) return []
    const from = steps.findLastIndex(({ setWeight }, index) => index <= at && setWeight !== undefined)
    const weight = steps[from]?.setWeight ?? 0
    return [{ at, share: shareOf(weight, rollout), from: from === -1 ? at : from }]
  })
}

export function shareOf(weight: number, rollout: Rollout): number {
  return Math.round((weight / maxWeightOf(rollout)) * 1e8) / 1e6
}

/** Why it cannot be driven at all, in words; null: it can. */
export function unfit(rollout: Rollout): string | null {
  const { strategy } = rollout.spec
  if (strategy?.canary === undefined) return 'it has no canary strategy: blue-green has no shares'
  const { trafficRouting } = strategy.canary
  if (trafficRouting === undefined)
    return 'it has no trafficRouting: its weights are numbers of pods, not shares of requests'
  const loud = stepsOf(rollout).findIndex((step) => !isQuiet(step))
  if (loud !== -1) {
    const step = stepsOf(rollout)[loud] ?? {}
    const name = Object.keys(step)[0] ?? 'nothing'
    return name === 'pause'
      ? `its step ${loud} pauses for ${step.pause?.duration}: it would go on by itself. Write \`pause: {}\`; the run holds`
      : `its step ${loud} is \`${name}\`: it would judge beside the guards of the run. Take it out`
  }
  return stopsOf(rollout).length === 0
    ? 'none of its steps is `pause: {}`: it would go through all of them by itself'
    : null
}

/** Why a split cannot be asked for, in words; null: it can. */
export function unreachable(desired: Split, rollout: Rollout): string | null {
  if (desired.new === 0 || stopFor(desired, rollout) !== null) return null
  const shares = stopsOf(rollout).map(({ share }) => share)
  const there = `it can stand at ${shares.join(', ')} % of users on the new version`
  const how = `\`setWeight: ${desired.new}\` and \`pause: {}\``
  return desired.new === 100
    ? `${there}; for all of them it would have to be promoted, from which an abort does not lead back: add ${how} as its last steps`
    : `${there}, not at ${desired.new} %: add ${how}, or leave that share out`
}

export function stopFor(desired: Split, rollout: Rollout): Stop | null {
  const isExact = Math.abs(desired.old + desired.new - 100) < 1e-6
  const found = stopsOf(rollout).find(({ share }) => Math.abs(share - desired.new) < 1e-6)
  return isExact ? (found ?? null) : null
}

export interface Heading {
  split: Split
  words: string
  /** To where the new version is the stable one: no pause is in between. */
  isToEnd: boolean
}

/** Where it is going by what is stored, whether or not the controller has taken it up; null: nowhere that is known. */
export function headingOf(rollout: Rollout): Heading | null {
  const { status = {} } = rollout
  if (!isUpdating(rollout)) return null
  if (status.abort === true) return { split: splitAt(0), words: 'aborted', isToEnd: false }
  if (status.promoteFull === true) return { split: splitAt(100), words: 'promoted fully', isToEnd: true }
  if (!isRead(rollout)) return null
  const { currentStepIndex: index = 0, controllerPause = false, pauseConditions } = status
  const isPromoted = controllerPause && (pauseConditions ?? []).length === 0
  const next = stopsOf(rollout).find(({ at }) => (isPromoted ? at > index : at >= index))
  if (next === undefined) return { split: splitAt(100), words: 'on its way to the end', isToEnd: true }
  const words = next.at === index ? `at step ${index}` : `on its way to step ${next.at}`
  return { split: splitAt(next.share), words, isToEnd: false }
}

function isQuiet(step: Step): boolean {
  if (step.pause !== undefined) return step.pause.duration === undefined
  return Object.keys(step).every((name) => QUIET.includes(name))
}
