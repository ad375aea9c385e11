// A plan in a few lines, shown before a run starts. `cutover plan` tells all of it. Pure.
import type { Plan } from '../../workflows/plan.ts'
import { formatDuration } from '../../workflows/quantities.ts'
import { outline, whyIrreversible } from '../../workflows/steps/kind-of.ts'
import { harmless, paint } from './paint.ts'
import { table } from './table.ts'

export function planSummary(raw: Plan, look: { width: number; color: boolean }): string[] {
  const plan = harmless(raw)
  const ink = paint(look.color)
  const outlines = plan.steps.map((step) => outline(step, () => undefined))
  const rows = plan.steps.map((step, index) => [String(index + 1), step.title, ...cells(outlines[index])])
  const shortest = outlines.reduce((sum, each) => sum + each.shortestMs, 0)
  const last = plan.steps.findIndex((step) => whyIrreversible(step, null) !== null)
  const lastStep = plan.steps[last]
  const columns = [
    { title: '#', align: 'right' as const },
    { title: 'STEP', flexible: true },
    { title: 'CHANGES', flexible: true, paint: ink.cyan },
    { title: 'AT LEAST', align: 'right' as const },
    { title: 'DECIDES', flexible: true, paint: ink.magenta },
  ]
  return [
    `${ink.bold(plan.service)}  ${plan.description}`.trimEnd(),
    ink.dim(
      `plan ${plan.digest.slice(0, 12)} · at least ${formatDuration(shortest)} · guards: ${guardNames(plan)}`,
    ),
    '',
    ...table(columns, rows, { width: look.width, paint: ink }),
    '',
    lastStep === undefined
      ? 'Going back is possible at any moment.'
      : ink.yellow(`Going back is possible until step ${last + 1} (${lastStep.title}) begins to act.`),
  ]
}

function cells(found: ReturnType<typeof outline> | undefined): string[] {
  const targets = [
    ...new Set((found?.changes ?? []).map(({ connection, target }) => `${connection}/${target}`)),
  ]
  const least = found === undefined || found.shortestMs === 0 ? '-' : formatDuration(found.shortestMs)
  return [targets.length === 0 ? '-' : targets.join(', '), least, found?.decides ?? '-']
}

function guardNames(plan: Plan): string {
  return plan.guards.map(({ name }) => name).join(', ') || 'none'
}
