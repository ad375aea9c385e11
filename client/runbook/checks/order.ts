// Steps that fight each other: weights that fall, traffic given to what is gone, two names for one target.
import type { Move } from '../../../workflows/steps/kind.ts'
import { mainConnectionsIn } from '../../../workflows/steps/connections.ts'
import { kindOf, outline, reversibility } from '../../../workflows/steps/kind-of.ts'
import { COHORT, MIRROR } from '../../../workflows/ports/traffic.ts'
import type { Connection, Parts, Step } from '../parts.ts'
import type { Finding } from '../problem.ts'
import { recordsOf, targetOf } from './records.ts'

type Share = Move & { share: number }

export function orderFindings(parts: Parts): Finding[] {
  const { steps } = parts
  const connections = new Set(steps.flatMap(sharesOf).map(({ connection }) => connection))
  return [
    ...[...connections].flatMap((name) => fallingWeights(name, steps)),
    ...steps.flatMap((step) => mirroredTooLate(step, steps)),
    ...steps.flatMap((step) => stillServed(step, steps)),
    ...steps.flatMap((step) => neverEmpty(step, steps)),
    ...steps.flatMap((step) => movedForGood(step, steps)),
    ...steps.flatMap((step) => strangersFirst(step, steps)),
    ...sameTargets(parts),
  ]
}

/** Moves users by DNS, too late to lower a TTL: worth a word. */
export function lateTtls({ steps }: Parts): Finding[] {
  return steps.flatMap((step) => {
    const lowered = steps.flatMap((other) =>
      other.index < step.index && kindOf(other).shortensCaching === true
        ? recordsOf(other).map(
            ({ connection, record }) => `${connection} ${targetOf(record, connection, steps)}`,
          )
        : [],
    )
    return movesOf(step)
      .filter(({ share, isNew = false }) => share === null && !isNew)
      .filter(
        ({ connection, target }) => !lowered.includes(`${connection} ${targetOf(target, connection, steps)}`),
      )
      .map(({ path, target }) => ({
        path: [...step.path, ...path],
        message: `no ttl step lowers the TTL of ${target} before it moves: the way there and back takes as long as its present TTL`,
        fix: 'add a ttl step before it',
      }))
  })
}

/** Takes capacity away without a look at what remains: worth a word. */
export function uncarried({ steps }: Parts): Finding[] {
  return steps.flatMap((step) => {
    const removed = kindOf(step).removes?.(step.spec)
    if (removed === undefined || removed.isCarried) return []
    const message = `nothing looks whether the instances that remain carry the load`
    const fix = 'carries: { from: METRICS, load: QUERY, per_instance: NUMBER }'
    return [{ path: step.path, at: 'key', message, fix }]
  })
}

function fallingWeights(name: string, steps: readonly Step[]): Finding[] {
  let highest = 0
  return steps.flatMap((step) =>
    sharesOf(step)
      .filter(({ connection }) => connection === name)
      .flatMap(({ share, path }, place) => {
        const falls = highest > 0 && share <= highest && place === 0 // within one step its own schema says so
        const before = highest
        highest = Math.max(highest, share)
        if (!falls) return []
        const message = `weights must rise over the whole runbook: step ${step.index + 1} asks for ${share}% after ${before}%`
        const fix =
          before >= 100 ? 'remove it: all traffic is on the new side already' : `begin above ${before}%`
        return [{ path: [...step.path, ...path], message, fix }]
      }),
  )
}

function mirroredTooLate(step: Step, steps: readonly Step[]): Finding[] {
  const mirroring = outline(step, () => undefined).changes.filter(({ target }) => target === MIRROR)
  const whole = steps.find(
    (other) =>
      other.index < step.index &&
      sharesOf(other).some(
        ({ connection, share }) => share >= 100 && mirroring.some((each) => each.connection === connection),
      ),
  )
  if (whole === undefined) return []
  return [
    {
      path: step.path,
      at: 'key',
      message: 'nothing is left to mirror: the new side has all traffic already',
      fix: `move it before the ${whole.kind}`,
    },
  ]
}

/** A side may be taken away only when no step has left, or is going to bring, traffic there. */
function stillServed(step: Step, steps: readonly Step[]): Finding[] {
  const removed = kindOf(step).removes?.(step.spec)
  if (removed === undefined) return []
  const path = [...step.path, ...removed.path]
  const moving = steps.filter((other) => movesOf(other).length > 0)
  const later = moving.find((other) => other.index > step.index)
  if (later !== undefined) {
    return [
      {
        path,
        message: `step ${later.index + 1} (${later.kind}) moves traffic after this side is gone`,
        fix: `${step.kind} last`,
      },
    ]
  }
  if (removed.side === 'new') {
    if (moving.length === 0) return []
    return [{ path, message: 'the new side serves by then: it cannot be taken away', fix: 'write side: old' }]
  }
  const shares = moving.flatMap(sharesOf)
  return [...new Set(shares.map(({ connection }) => connection))].flatMap((name) => {
    const of = shares.filter(({ connection }) => connection === name).map(({ share }) => share)
    const left = 100 - Math.max(...of)
    if (left <= 0) return []
    return [
      {
        path,
        message: `the old side still serves ${left}% of ${name} by then`,
        fix: `add a switch of ${name} before it`,
      },
    ]
  })
}

/** A cohort goes before the others: behind a share of them, a stranger may be on the new side as well. */
function strangersFirst(step: Step, steps: readonly Step[]): Finding[] {
  const led = outline(step, () => undefined).changes.filter(({ target }) => target === COHORT)
  const earlier = steps.find(
    (other) =>
      other.index < step.index &&
      sharesOf(other).some(({ connection }) => led.some((each) => each.connection === connection)),
  )
  if (earlier === undefined) return []
  return [
    {
      path: step.path,
      at: 'key',
      message: 'a share of all users is on the new side already: nobody goes first any more',
      fix: `move it before the ${earlier.kind}`,
    },
  ]
}

/** A side is empty only once no share of its edge leads there. */
function neverEmpty(step: Step, steps: readonly Step[]): Finding[] {
  const emptied = kindOf(step).empties?.(step.spec)
  if (emptied === undefined) return []
  return mainConnectionsIn(step).flatMap(({ name }) => {
    const shares = steps
      .filter(({ index }) => index < step.index)
      .flatMap(sharesOf)
      .filter(({ connection }) => connection === name)
    const moved = Math.max(0, ...shares.map(({ share }) => share))
    const left = emptied.side === 'old' ? 100 - moved : moved
    if (left <= 0) return []
    const message = `the ${emptied.side} side still serves ${left}% of ${name} then, and never empties`
    const fix = emptied.side === 'old' ? `a switch of ${name} before it` : 'write side: old'
    return [{ path: [...step.path, ...emptied.path], message, fix }]
  })
}

/** Users who are moved behind the point of no return could not be led back. */
function movedForGood(step: Step, steps: readonly Step[]): Finding[] {
  const isFinal = reversibility(step, null).is === 'irreversible'
  if (!isFinal || kindOf(step).removes !== undefined) return [] // a side that is gone is told of above
  const later = steps.find((other) => other.index > step.index && movesOf(other).length > 0)
  if (later === undefined) return []
  const message = `step ${later.index + 1} (${later.kind}) moves users behind the point of no return: nothing would lead them back`
  return [{ path: step.path, at: 'key', message, fix: `move it behind the ${later.kind}` }]
}

/** One real target under two names: each would take the writes of the other for those of a stranger. */
function sameTargets(parts: Parts): Finding[] {
  const holders = new Map<string, string>()
  return parts.steps.flatMap((step) =>
    mainConnectionsIn(step).flatMap(({ name, path }) => {
      const connection = parts.connections.find((each) => each.name === name)
      if (connection === undefined) return []
      const targets = outline(step, () => undefined).changes.filter((change) => change.connection === name)
      const locks = new Set(targets.flatMap(({ target }) => locksOf(connection, target)))
      const taken = [...locks].find((lock) => (holders.get(lock) ?? name) !== name)
      for (const lock of locks) if (!holders.has(lock)) holders.set(lock, name)
      if (taken === undefined) return []
      const holder = holders.get(taken) ?? ''
      return [
        {
          path: [...step.path, ...path],
          message: `${name} and ${holder} are the same target: ${taken}`,
          fix: path.length > 1 ? `leave ${name} out` : `write ${holder} here too`,
        },
      ]
    }),
  )
}

function locksOf({ spec, config }: Connection, target: string): string[] {
  return spec.locks(config, target)
}

function movesOf(step: Step): Move[] {
  return kindOf(step).moves?.(step.spec) ?? []
}

function sharesOf(step: Step): Share[] {
  return movesOf(step).filter((move): move is Share => move.share !== null)
}
