// Another limit for a guard: a person lets it judge by another number while it is watched. Pure; looks follow by looks.ts.
import type { LookMemory } from '../activities.ts'
import type { Plan } from '../plan.ts'
import { DURATION, SHARE_OR_DURATION, threshold } from '../quantities.ts'
import type { Limit } from '../scalars.ts'
import type { Subject } from '../watched/index.ts'
import type { Decision, Limits, RunState } from './state.ts'

type Bound = 'max' | 'min'

/** What a decision to retune says: `errors max 1%`. */
export type Retuning = { guard: string; bound: Bound; limit: Limit }

/** The limits of a plan's guards, as its runbook says them. */
export function plannedLimits({ guards }: Pick<Plan, 'guards'>): Limits {
  return Object.fromEntries(
    guards.map(({ name, max, min }) => [
      name,
      { ...(max === undefined ? {} : { max }), ...(min === undefined ? {} : { min }) },
    ]),
  )
}

/** Null: it is not of that form. */
export function retuningOf(value: string | undefined): Retuning | null {
  const [guard = '', bound = '', text = '', ...more] = (value ?? '').split(' ')
  if (guard === '' || text === '' || more.length > 0 || !isBound(bound)) return null
  if (SHARE_OR_DURATION.test(text)) return { guard, bound, limit: text }
  const limit = Number(text)
  return Number.isFinite(limit) ? { guard, bound, limit } : null
}

/** Why a guard cannot have this limit, in words for the person who asked; null = it can. */
export function refusalOfRetuning(state: RunState, { value }: Decision): string | null {
  const meant = retuningOf(value)
  if (meant === null)
    return `retune needs a guard, max or min, and a limit as its value, such as "errors max 1%"; not ${value === undefined ? 'nothing' : JSON.stringify(value)}`
  if (state.reason !== null) return 'the run is going back already: no guard is watched'
  const { guard, bound, limit } = meant
  const known = Object.hasOwn(state.limits, guard) ? state.limits[guard] : undefined
  if (known === undefined)
    return `the plan has no guard ${guard}; its guards: ${Object.keys(state.limits).join(', ') || 'none'}`
  const present = known[bound]
  if (present === undefined) {
    const has = Object.entries(known).map(([each, held]) => `${each} ${held}`)
    return `${guard} has no ${bound} to change; it has ${has.join(' and ') || 'a comparison alone'}`
  }
  if (isDuration(present) !== isDuration(limit))
    return `${guard} counts in ${isDuration(present) ? 'time' : 'numbers or shares'}: its ${bound} is ${present}, and cannot become ${limit}`
  return null
}

/** Takes the limit; what was counted under the old one is looked at again by `recounted`. */
export function retune(state: RunState, { value }: Decision): void {
  state.limits = retuned(state.limits, retuningOf(value) as Retuning)
  state.adjustments += 1
}

export function retuned(limits: Limits, { guard, bound, limit }: Retuning): Limits {
  return { ...limits, [guard]: { ...limits[guard], [bound]: limit } }
}

/** A subject under the limits of this moment. */
export function withLimits(subject: Subject, limits: Limits): Subject {
  const own = limits[subject.name]
  if (subject.what !== 'guard' || own === undefined) return subject
  return { ...subject, guard: { ...subject.guard, ...own } }
}

/**
 * What a look has counted, as far as it counts under other limits: good checks under a laxer limit prove nothing under a stricter
 * one, and bad checks under a stricter limit are no sign under a laxer one.
 */
export function recounted(memory: LookMemory, { from, to }: { from: Limits; to: Limits }): LookMemory {
  const { subjects } = memory
  if (subjects === undefined) return memory
  const entries = Object.entries(subjects).map(([name, counters]) => [
    name,
    {
      ...counters,
      ...(isMoved(from[name], to[name], 'stricter') && { goodInRow: 0, goodSince: null }),
      ...(isMoved(from[name], to[name], 'laxer') && { badInRow: 0 }),
    },
  ])
  return { ...memory, subjects: Object.fromEntries(entries) }
}

function isMoved(from: Limits[string] = {}, to: Limits[string] = {}, way: 'stricter' | 'laxer'): boolean {
  return (['max', 'min'] as const).some((bound) => {
    const [before, after] = [from[bound], to[bound]]
    if (before === undefined || after === undefined) return false
    const isLower = threshold(after) < threshold(before)
    const isHigher = threshold(after) > threshold(before)
    return (bound === 'max') === (way === 'stricter') ? isLower : isHigher
  })
}

function isBound(word: string): word is Bound {
  return word === 'max' || word === 'min'
}

function isDuration(limit: Limit): boolean {
  return typeof limit === 'string' && DURATION.test(limit)
}
