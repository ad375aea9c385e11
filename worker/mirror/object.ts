// A run as an object of Kubernetes: for `kubectl get cutovers` and for the health of GitOps tools. Pure. It says the whole state each
// time, and of which moment it is.
import { createHash } from 'node:crypto'
import type { GateView, RunView } from '../../view/model.ts'
import type { Json, JsonObject } from '../../workflows/json.ts'

export const GROUP = { group: 'cutover.dev', version: 'v1alpha1', resource: 'cutovers', kind: 'Cutover' }

/** Of objects that a worker has made: others are declared by people, and theirs to remove. */
export const MANAGED_BY = { 'app.kubernetes.io/managed-by': 'cutover' }

const NAME = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/ // of an object; a service may have underscores, and end in a dash
const HASH_CHARACTERS = 8
const TEXT_MAX = 1_000 // for people; the run has the whole of it

/** Of which moment a state is: the run, its present history, and how far that had come. */
export type Version = { startedAt: string; beganAt: string; events: number }

export type Condition = { type: string; status: 'True' | 'False'; reason: string; message: string }

export interface Mirrored {
  spec: JsonObject
  /** Without the times of conditions, which depend on what was there before. */
  status: JsonObject & { version: Version }
  conditions: Condition[]
}

export interface Moment {
  view: RunView
  description: string
  temporalNamespace: string
  version: Version
}

/** The same for the same service; another for any other, however alike they are written. */
export function objectName(service: string): string {
  if (NAME.test(service)) return service
  const hash = createHash('sha256').update(service).digest('hex').slice(0, HASH_CHARACTERS)
  return `${service.replaceAll('_', '-').replace(/-+$/, '')}-${hash}`
}

export function mirrored({ view, description, temporalNamespace, version }: Moment): Mirrored {
  const { digest, gates, reason, weights, edges, remainder } = view
  const status = defined({
    phase: view.phase,
    outcome: view.outcome,
    step:
      view.step === null || view.endedAt !== null
        ? null
        : `${view.step.index}/${view.step.total} ${cut(view.step.title)}`,
    share: weights === null ? null : `${weights.new}%`,
    weights: edges.map(({ connection, weights: at }) => defined({ edge: connection, ...at })),
    gate: gates[0] === undefined ? null : gateOf(gates[0]),
    reason: reason === null ? null : cut(reason.text),
    remainder:
      remainder.length === 0
        ? null
        : remainder.map(({ connection, target, note }) => cut(`${connection} ${target}: ${note}`)),
    paused: view.paused === null ? null : cut(`by ${view.paused.actor}: ${view.paused.reason}`),
    startedBy: view.startedBy,
    startedAt: view.startedAt,
    endedAt: view.endedAt,
    workflowId: view.workflowId,
    runId: view.runId,
  })
  return {
    spec: defined({ service: view.service, description: cut(description), digest, temporalNamespace }),
    status: { ...status, version },
    conditions: conditionsOf(view),
  }
}

/** Positive: `a` is of a later moment. The beginning of the run comes first, then that of its history. */
export function compareVersions(a: Version, b: Version): number {
  const times = [
    [a.startedAt, b.startedAt],
    [a.beganAt, b.beganAt],
  ].map(([one = '', two = '']) => Date.parse(one) - Date.parse(two))
  return times.find((difference) => difference !== 0) ?? a.events - b.events
}

/** With the time at which each of them came to be so: that of now, unless it was so before. */
export function withTimes(conditions: Condition[], before: unknown, now: string): JsonObject[] {
  const known = Array.isArray(before) ? (before as (Condition & { lastTransitionTime: string })[]) : []
  return conditions.map((condition) => {
    const same = known.find(({ type, status }) => type === condition.type && status === condition.status)
    return { ...condition, lastTransitionTime: same?.lastTransitionTime ?? now }
  })
}

function gateOf(gate: GateView): JsonObject {
  return defined({
    id: gate.id,
    kind: gate.kind,
    title: cut(gate.title),
    waitsFor: cut(gate.waitsFor),
    people: gate.people === 'anyone' ? ['anyone'] : gate.people,
    approvals: gate.approvals,
    quorum: gate.quorum,
    allows: gate.allows,
    expires: gate.expires,
  })
}

/** `Ready`: users are where the plan wants them. `Progressing`: the run goes on by itself, or waits for an approval. */
function conditionsOf(view: RunView): Condition[] {
  const { outcome, phase, reason, gates } = view
  const why = gates[0]?.title ?? reason?.text ?? view.step?.title ?? phase
  const word = reasonWord(outcome ?? phase)
  const is = (type: string, isSo: boolean): Condition => ({
    type,
    status: isSo ? 'True' : 'False',
    reason: word,
    message: cut(outcome === 'completed' ? 'every step is done' : why),
  })
  const isOver = view.endedAt !== null
  const isTrouble = outcome !== 'completed' && (outcome !== null || phase === 'unwinding')
  return [
    is('Ready', outcome === 'completed'),
    is('Progressing', !isOver && outcome !== 'stuck'),
    is('Degraded', isTrouble),
  ]
}

/** As reasons are written there: `CompletedWithRemainder`. */
function reasonWord(text: string): string {
  return text
    .split('-')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('')
}

function cut(text: string): string {
  return text.length <= TEXT_MAX ? text : `${text.slice(0, TEXT_MAX - 1)}…`
}

/** Fields of which there is nothing to say are left out. */
function defined(fields: { [field: string]: Json | null | undefined }): JsonObject {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([field, value]) =>
      value === null || value === undefined ? [] : [[field, value]],
    ),
  )
}
