// Whether somebody who empties a node during the run may take instances away, and how many: PodDisruptionBudgets. Pure.
import { type Facts, type Judgement, caution, fine, wantedOf } from './facts.ts'
import type { Budget } from './objects.ts'

export function budgetsOf(facts: Facts): Judgement[] {
  const { budgets } = facts
  const [budget, ...others] = budgets
  if (budget === undefined)
    return [
      caution('disruption-budget', {
        seen: 'no PodDisruptionBudget selects its pods',
        why: 'whoever empties nodes during the run may take all instances away at once',
        todo: 'add one that lets one of them go at a time',
      }),
    ]
  if (others.length > 0)
    return [
      caution('disruption-budget', {
        seen: `${budgets.length} PodDisruptionBudgets select its pods: ${budgets.map(nameOf).join(', ')}`,
        why: 'pods of several cannot be evicted at all: nodes are not emptied any more',
        todo: 'leave one',
      }),
    ]
  return judged(budget, wantedOf(facts))
}

function judged(budget: Budget, wanted: number): Judgement[] {
  const name = nameOf(budget)
  const { currentHealthy, desiredHealthy } = budget.status ?? {}
  const isShort =
    currentHealthy !== undefined && desiredHealthy !== undefined && currentHealthy < desiredHealthy
  const stays = staying(budget, wanted)
  const said = `${name} keeps ${stays} of ${wanted}`
  if (stays <= 0)
    return [
      caution('disruption-budget', {
        seen: said,
        why: 'whoever empties nodes during the run may take all instances away at once',
        todo: 'let it keep all but one or two of them',
      }),
    ]
  return [
    stays >= wanted
      ? caution('disruption-budget', {
          seen: `${said}: none may go`,
          why: 'nodes cannot be emptied while the run lasts, and upgrades of the cluster stand still',
          todo: 'let one go at a time, or tell those who run the cluster',
        })
      : fine('disruption-budget', said),
    ...(isShort
      ? [
          caution('disruption-budget', {
            seen: `${name} wants ${desiredHealthy} healthy, ${currentHealthy} are`,
            why: 'there are fewer instances than their owner calls enough',
            todo: 'find out what is wrong with the others',
          }),
        ]
      : []),
  ]
}

/** How many it leaves at least; shares are rounded up, both of what stays and of what may go. */
function staying({ spec = {} }: Budget, wanted: number): number {
  const { minAvailable, maxUnavailable } = spec
  if (maxUnavailable !== undefined) return wanted - part(maxUnavailable, wanted)
  return Math.min(wanted, part(minAvailable ?? 1, wanted)) // nothing said: one stays
}

function part(text: number | string, of: number): number {
  return typeof text === 'string' && text.endsWith('%')
    ? Math.ceil((of * Number.parseFloat(text)) / 100)
    : Number(text)
}

function nameOf({ metadata }: Budget): string {
  return `PodDisruptionBudget ${metadata.name}`
}
