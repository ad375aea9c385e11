// What has come about between two states of an object, as events of Kubernetes: for `kubectl describe` and for whoever forwards them.
// Pure. They are named by the moment, so that no two workers write one twice.
import { createHash } from 'node:crypto'
import type { JsonObject } from '../../workflows/json.ts'
import type { Stored } from './choose.ts'
import { GROUP, objectName } from './object.ts'

const MESSAGE_MAX = 1_000 // of an event, by the API server: 1,024 bytes of text that is mostly ASCII
const HASH_CHARACTERS = 16
const COMPONENT = 'cutover'
const APPROVAL = 'approval' // the only question that is not about trouble

type Status = NonNullable<Stored['status']>
type Happened = { reason: string; message: string; isTrouble: boolean }

export interface Between {
  service: string
  /** Of the object. */
  uid: string
  namespace: string
  /** As it was shown before; of another run, or undefined: the run has begun. */
  before: Status | undefined
  status: JsonObject
  now: number
}

export function eventsOf({ service, uid, namespace, before, status, now }: Between): JsonObject[] {
  const after = status as unknown as Status
  const isSame = before?.startedAt === after.startedAt
  const name = objectName(service)
  const at = new Date(now).toISOString().replace(/\.\d+Z$/, 'Z')
  return happened(isSame ? before : undefined, after).map(({ reason, message, isTrouble }) => ({
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${name}.${momentOf(after, reason)}`, namespace },
    involvedObject: {
      apiVersion: `${GROUP.group}/${GROUP.version}`,
      kind: GROUP.kind,
      name,
      namespace,
      uid,
    },
    type: isTrouble ? 'Warning' : 'Normal',
    reason,
    message: cut(message),
    source: { component: COMPONENT },
    reportingComponent: COMPONENT,
    reportingInstance: '',
    firstTimestamp: at,
    lastTimestamp: at,
    count: 1,
  }))
}

function happened(before: Status | undefined, after: Status): Happened[] {
  const { outcome, phase, gate, share, paused, reason } = after
  const said: Happened[] = []
  const say = (word: string, message: string, isTrouble = false): void =>
    void said.push({ reason: word, message, isTrouble })
  if (before === undefined) say('Started', `by ${String(after['startedBy'] ?? 'nobody known')}`)
  if (share !== undefined && share !== before?.share)
    say('UsersMoved', `${share} of the requests go to the new side`)
  if (paused !== before?.paused) {
    if (paused === undefined) say('Resumed', 'it goes on')
    else say('Paused', paused)
  }
  if (phase === 'unwinding' && before?.phase !== 'unwinding')
    say('GoingBack', reason ?? 'no reason given', true)
  if (gate?.id !== undefined && gate.id !== before?.gate?.id) {
    const { title, waitsFor, kind } = gate
    say('Asking', `${gate.id}: ${title ?? ''}: waits for ${waitsFor ?? 'a person'}`, kind !== APPROVAL)
  }
  if (outcome !== undefined && outcome !== before?.outcome)
    say(
      wordOf(outcome),
      outcome === 'completed' ? 'every step is done' : (reason ?? outcome),
      outcome !== 'completed',
    )
  return said
}

/** The same of the same moment, whoever tells it. */
function momentOf({ runId = '', version }: Status, reason: string): string {
  const text = JSON.stringify([runId, version ?? null, reason])
  return createHash('sha256').update(text).digest('hex').slice(0, HASH_CHARACTERS)
}

/** `CompletedWithRemainder`. */
function wordOf(outcome: string): string {
  return outcome.replaceAll(/(^|-)([a-z])/g, (_, _dash, letter: string) => letter.toUpperCase())
}

function cut(text: string): string {
  return text.length <= MESSAGE_MAX ? text : `${text.slice(0, MESSAGE_MAX - 1)}…`
}
