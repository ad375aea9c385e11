// The run as Markdown for the Temporal UI ("Current Details"). Pure.
import type { Plan } from '../plan.ts'
import { formatDuration } from '../quantities.ts'
import { describeReason } from './reason.ts'
import { declaredIn, suspendedIn } from './suspended.ts'
import type { Gate, RunState, StepRecord } from './state.ts'

const MARKS: Record<StepRecord['status'], string> = {
  pending: '·',
  running: '▶',
  done: '✓',
  skipped: '–',
  failed: '✗',
  undone: '↩',
}

export function details(plan: Plan, state: RunState): string {
  const rows = plan.steps.map((step, index) => {
    const record = state.steps[index] as StepRecord
    return `| ${index + 1} | ${MARKS[record.status]} ${record.status} | ${cell(step.title)} | ${took(record)} | ${cell(record.notes.at(-1) ?? '')} |`
  })
  return [
    `**${plan.service}** ${state.outcome ?? state.phase}${weights(state)}`,
    ...state.gates.map(question),
    ...held(state),
    ...(state.reason === null ? [] : [`Going back: ${cell(describeReason(state.reason))}`]),
    '',
    '| # | state | step | took | last |',
    '|---|---|---|---|---|',
    ...rows,
    ...(state.restorations.length === 0 ? [] : ['', ...restorations(state)]),
    '',
    `Abort any time: \`cutover abort ${plan.service} --reason …\`. Request Cancellation counts as an abort. Never Terminate: that leaves the world as it is.`,
  ].join('\n')
}

function weights({ weights: splits }: RunState): string {
  const edges = Object.entries(splits).filter(([, split]) => split !== null)
  return edges
    .map(
      ([edge, split]) => ` · ${edges.length > 1 ? `${edge}: ` : ''}old ${split?.old} % new ${split?.new} %`,
    )
    .join('')
}

function question(gate: Gate): string {
  const by = gate.expires === null ? '' : ` until ${new Date(gate.expires).toISOString()}`
  return `**Waiting**: ${gate.title} (${gate.waitsFor})${by}. Gate \`${gate.id}\` takes: ${gate.allows.join(', ')}`
}

/** What a hold waits for, and what somebody has to declare meanwhile. What the last look found stands with its activity. */
function held(state: RunState): string[] {
  const { holding, outcome } = state
  if (holding === null || outcome !== null) return []
  const { title, until, limit, waitsFor } = holding
  const text = [
    title,
    ...(until === null ? [] : [`not before ${new Date(until).toISOString()}`]),
    ...(limit === null ? [] : [`at most until ${new Date(limit).toISOString()}`]),
    ...(waitsFor === '' ? [] : [`${waitsFor} (what the last look found: Pending Activities)`]),
  ].join('; ')
  const isDue = suspendedIn(state).length > 0
  const declared = (isDue ? declaredIn(state) : []).map(
    ({ object, patch }) => `- to be declared: ${cell(object)}: \`${cell(JSON.stringify(patch))}\``,
  )
  return [`**Holding**: ${cell(text)}`, ...(declared.length === 0 ? [] : ['', ...declared])]
}

function restorations(state: RunState): string[] {
  return [
    '| restored | target | to | |',
    '|---|---|---|---|',
    ...state.restorations.map(
      (each) =>
        `| ${each.status} | ${each.connection} ${cell(each.target)} | \`${cell(JSON.stringify(each.before))}\` | ${cell(each.note ?? '')} |`,
    ),
  ]
}

function took({ startedAt, endedAt }: StepRecord): string {
  return startedAt === null || endedAt === null ? '' : formatDuration(endedAt - startedAt)
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}
