// Which runs a look at the mirror reads. One question to the server tells of all of them whether they have moved; only those that have
// are read, trouble first, and a few of the others in turn, for what that answer does not tell. Pure.
import type { ListedRun } from '../../view/list.ts'
import type { ReadRun } from '../../view/read.ts'
import type { KubeObject } from '../../activities/kubernetes/client.ts'
import { type Version, objectName } from './object.ts'

const READS_MAX = 100 // of one look: what comes first must not wait until a thousand have been read
const TURNS = 20 // of them those that have not moved: with so many runs or fewer, all of them each time
const REST = 4 // a look is followed by a pause of so many times its length: both servers have other things to do
const REST_BEHIND = 1 // while runs that have moved are left over: nobody may take an old state for the present one for minutes
const ENDED_SHOWN_MS = 600_000 // a run that ended longer ago and has no object gets none any more
const GONE = 'gone' // a run that the listing does not have any more
const TROUBLE = ['stuck', 'unwinding', 'waiting'] // somebody looks for these

export interface Stored extends KubeObject {
  spec?: { service?: string; temporalNamespace?: string }
  status?: {
    version?: Version
    phase?: string
    outcome?: string
    share?: string
    gate?: { id?: string; kind?: string; title?: string; waitsFor?: string }
    paused?: string
    reason?: string
    runId?: string
    startedAt?: string
    endedAt?: string
    conditions?: unknown
    [field: string]: unknown
  }
}

/** What is known of a service from the looks before. */
export interface Known {
  /** What the listing told of its run when it was read last; null: no worker could tell its state then. */
  told: string | null
  /** Of the object, as it was found or written then. */
  resourceVersion: string | undefined
  triedAt: number
  run: ReadRun | undefined
}

export interface Scene {
  /** Newest first. */
  runs: ListedRun[]
  stored: Stored[]
  known: Map<string, Known>
  temporalNamespace: string
  now: number
}

export interface Chosen {
  service: string
  /** It has not moved: it may wait for a later look. */
  isTurn: boolean
  told: string
  found: Stored | undefined
}

export interface Choice {
  /** Those to be read now, in this order. */
  now: Chosen[]
  /** So many more have moved. */
  left: number
  /** All that have or should have an object. */
  services: Set<string>
}

/** How long after a look the next one begins. */
export function pauseAfter(look: { tookMs: number; left: number; everyMs: number; mostMs: number }): number {
  const rest = look.left > 0 ? REST_BEHIND : REST
  return Math.min(look.mostMs, Math.max(look.everyMs, rest * look.tookMs))
}

export function chosen(seen: Scene): Choice {
  const all = due(seen)
  const { moved = [], others = [] } = Object.groupBy(all, (each) =>
    hasMoved(seen.known.get(each.run.service), each) ? 'moved' : 'others',
  )
  const triedAt = ({ run }: Due): number => seen.known.get(run.service)?.triedAt ?? 0
  const first = moved.toSorted((a, b) => rank(a.run) - rank(b.run) || triedAt(a) - triedAt(b))
  const turns = others.toSorted((a, b) => triedAt(a) - triedAt(b)).slice(0, TURNS)
  const now = first.slice(0, READS_MAX - turns.length)
  const taken = [...now, ...turns]
  return {
    left: first.length - now.length,
    now: taken.map((each) => {
      const { run, told, found } = each
      return { service: run.service, isTurn: turns.includes(each), told, found }
    }),
    services: new Set(all.map(({ run }) => run.service)),
  }
}

type RunOfService = Pick<ListedRun, 'service' | 'phase'>
type Due = { run: RunOfService; told: string; found: Stored | undefined }

/** The newest run of each service, while it is open, and for a while after its end; and objects whose end nobody has seen. */
function due({ runs, stored, temporalNamespace, now }: Scene): Due[] {
  const objects = new Map(stored.map((object) => [object.metadata.name, object]))
  const newest = new Map<string, ListedRun>()
  for (const run of runs) if (!newest.has(run.service)) newest.set(run.service, run)
  const listed = [...newest.values()].flatMap((run): Due[] => {
    const found = objects.get(objectName(run.service))
    if (run.endedAt !== null && !isUnseen(found)) {
      const isShown = found?.status?.runId === run.runId
      if (isShown || now - Date.parse(run.endedAt) > ENDED_SHOWN_MS) return []
    }
    return [{ run, told: toldOf(run), found }]
  })
  const unseen = stored.flatMap((found): Due[] => {
    const service = found.spec?.service
    if (service === undefined || newest.has(service) || !isUnseen(found)) return []
    return [{ run: { service, phase: 'ended' }, told: GONE, found }]
  })
  return [...listed, ...unseen]

  /** Its run had not ended when it was written: no worker may have been up meanwhile. */
  function isUnseen(found: Stored | undefined): boolean {
    return found?.spec?.temporalNamespace === temporalNamespace && found.status?.endedAt === undefined
  }
}

/** A run that could not be shown is tried again in its turn: a thousand of them must not come before one that can. */
function hasMoved(known: Known | undefined, { told, found }: Due): boolean {
  if (known === undefined) return found?.status === undefined || saidBy(found.status) !== told
  return known.told !== told || known.resourceVersion !== found?.metadata.resourceVersion
}

function toldOf({ runId, phase, weight, gate, outcome }: ListedRun): string {
  return words([runId, phase, weight === null ? null : `${weight}%`, gate, outcome])
}

/** The same, as an object has it: whoever begins to show runs need not read those that are shown already. */
function saidBy({ runId, phase, share, gate, outcome }: NonNullable<Stored['status']>): string {
  return words([runId, phase, share, gate?.id, outcome])
}

function words(parts: (string | null | undefined)[]): string {
  return parts.map((part) => part ?? '').join(' ')
}

function rank({ phase }: RunOfService): number {
  return phase !== null && TROUBLE.includes(phase) ? 0 : 1
}
