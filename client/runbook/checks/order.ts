// Steps that fight each other: weights that fall, traffic given to what is gone, two names for one target.
import { percent } from '../../../workflows/quantities.ts'
import type { Connection, Parts, Step } from '../parts.ts'
import type { Finding, Path } from '../problem.ts'
import { targetOf } from './records.ts'

type Move = { index: number; share: number; path: Path }

export function orderFindings(parts: Parts): Finding[] {
  const connections = [...new Set(parts.steps.flatMap((step) => movesOf(step).map(() => connectionOf(step))))]
  return [
    ...connections.flatMap((name) =>
      fallingWeights(parts.steps.filter((step) => connectionOf(step) === name)),
    ),
    ...parts.steps.flatMap((step) => shadowTooLate(step, parts.steps)),
    ...parts.steps.flatMap((step) => stillServed(step, parts.steps)),
    ...sameTargets(parts),
  ]
}

/** Moves users by DNS, too late to lower a TTL: worth a word. */
export function lateTtls({ steps }: Parts): Finding[] {
  return steps.flatMap((step) => {
    if (step.kind !== 'repoint' || step.spec.create) return []
    const { connection } = step.spec
    const lowered = steps.flatMap((other) =>
      other.index < step.index && other.kind === 'ttl'
        ? other.spec.records.map((record) => targetOf(record, connection, steps))
        : [],
    )
    return Object.keys(step.spec.records)
      .filter((record) => !lowered.includes(targetOf(record, connection, steps)))
      .map((record) => ({
        path: [...step.path, 'records', record],
        message: `no ttl step lowers the TTL of ${record} before it moves: the way there and back takes as long as its present TTL`,
        fix: 'add a ttl step before it',
      }))
  })
}

function fallingWeights(steps: Step[]): Finding[] {
  let highest = 0
  return steps.flatMap(movesOf).flatMap(({ index, share, path }) => {
    const isFirstOfStep = path.at(-1) === 0 || path.at(-1) === 'switch'
    const falls = highest > 0 && share <= highest && isFirstOfStep // within one canary its own schema says so
    const before = highest
    highest = Math.max(highest, share)
    if (!falls) return []
    const message = `weights must rise over the whole runbook: step ${index + 1} asks for ${share}% after ${before}%`
    return [
      {
        path,
        message,
        fix: before >= 100 ? 'remove it: all traffic is on the new side already' : `begin above ${before}%`,
      },
    ]
  })
}

function shadowTooLate(step: Step, steps: Step[]): Finding[] {
  if (step.kind !== 'shadow') return []
  const switched = steps.some(
    (other) =>
      other.index < step.index && other.kind === 'switch' && connectionOf(other) === connectionOf(step),
  )
  if (!switched) return []
  return [
    {
      path: step.path,
      at: 'key',
      message: 'nothing is left to mirror: the new side has all traffic already',
      fix: 'move it before the switch',
    },
  ]
}

/** A side may be taken away only when no step has left, or is going to bring, traffic there. */
function stillServed(step: Step, steps: Step[]): Finding[] {
  if (step.kind !== 'decommission') return []
  const path = [...step.path, 'side']
  const moving = steps.filter((other) => movesOf(other).length > 0 || other.kind === 'repoint')
  const later = moving.find((other) => other.index > step.index)
  if (later !== undefined) {
    return [
      {
        path,
        message: `step ${later.index + 1} (${later.kind}) moves traffic after this side is gone`,
        fix: 'decommission last',
      },
    ]
  }
  if (step.spec.side === 'new' && moving.length > 0) {
    return [{ path, message: 'the new side serves by then: it cannot be taken away', fix: 'write side: old' }]
  }
  const names = [...new Set(moving.filter((other) => other.kind !== 'repoint').map(connectionOf))]
  return names.flatMap((name) => {
    const share = Math.max(
      ...moving
        .filter((other) => connectionOf(other) === name)
        .flatMap(movesOf)
        .map((move) => move.share),
    )
    if (share >= 100 || step.spec.side === 'new') return []
    return [
      {
        path,
        message: `the old side still serves ${100 - share}% of ${name} by then`,
        fix: `add a switch of ${name} before it`,
      },
    ]
  })
}

/** One real target under two names: each would take the writes of the other for those of a stranger. */
function sameTargets(parts: Parts): Finding[] {
  const holders = new Map<string, string>()
  return parts.steps.flatMap((step) => {
    const connection = parts.connections.find(({ name }) => name === connectionOf(step))
    if (connection === undefined) return []
    const locks = new Set(targetsOf(step).flatMap((target) => locksOf(connection, target)))
    const taken = [...locks].find((lock) => (holders.get(lock) ?? connection.name) !== connection.name)
    for (const lock of locks) if (!holders.has(lock)) holders.set(lock, connection.name)
    if (taken === undefined) return []
    const holder = holders.get(taken) ?? ''
    return [
      {
        path: [...step.path, 'connection'],
        message: `${connection.name} and ${holder} are the same target: ${taken}`,
        fix: `write ${holder} here too`,
      },
    ]
  })
}

function locksOf({ spec, config }: Connection, target: string): string[] {
  return spec.locks(config, target)
}

function targetsOf(step: Step): string[] {
  switch (step.kind) {
    case 'canary':
    case 'switch':
      return ['split']
    case 'shadow':
      return ['mirror']
    case 'prewarm':
    case 'decommission':
      return [step.spec.side]
    case 'ttl':
      return step.spec.records
    case 'repoint':
      return Object.keys(step.spec.records)
    case 'announce':
    case 'approve':
    case 'check':
    case 'hold':
      return []
    default:
      return step satisfies never
  }
}

function movesOf(step: Step): Move[] {
  if (step.kind === 'switch') return [{ index: step.index, share: 100, path: step.path }]
  if (step.kind !== 'canary') return []
  return step.spec.weights.map((weight, at) => ({
    index: step.index,
    share: percent(weight),
    path: [...step.path, 'weights', at],
  }))
}

function connectionOf(step: Step): string {
  return 'connection' in step.spec ? step.spec.connection : ''
}
