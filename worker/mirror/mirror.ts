// Keeps the objects of Kubernetes that show runs as the runs are, by looking again and again: what is lost, refused or edited is
// put right at a later look. It asks of runs and never tells them anything: no run waits for it, and none notices that it fails.
import { setTimeout as wait } from 'node:timers/promises'
import { ApplicationFailure } from '@temporalio/common'
import type { Logger } from '@temporalio/worker'
import { kindOf } from '../../activities/failure.ts'
import type { Kube } from '../../activities/kubernetes/client.ts'
import type { TemporalAccess } from '../../view/access.ts'
import { type ListedRun, listRuns } from '../../view/list.ts'
import { type Chosen, type Known, type Stored, chosen, pauseAfter } from './choose.ts'
import { MANAGED_BY } from './object.ts'
import { io, pathOf, show } from './show.ts'
import { type Tell, teller, wordsOf } from './tell.ts'

const LOOK_EVERY_MS = 2_000 // people look at it; decisions are made elsewhere
const LOOK_EVERY_MS_MAX = 30_000 // while the API server does not answer, or there are a thousand runs
const RUNS_MAX = 1_000 // more open runs than one worker is meant for
const RECENT_MAX = 50 // newest runs, open or not
const AT_ONCE = 4 // looks at runs: they are questions to workers that have other things to do
const TURNS_MS = 2_000 // then the others wait: where a worker has just been lost, each first question takes seconds
const REMOVED_MAX = 20 // of one look
const OF_THE_SERVER = ['Unavailable', 'Throttled'] // not of one object: the others would be told the same

export interface Mirror {
  access: TemporalAccess
  kube: Kube
  /** Of Kubernetes, in which the objects are. */
  namespace: string
  /** So long after its end the object of a run is removed. */
  keepMs: number
  log: Pick<Logger, 'info' | 'warn' | 'debug'>
  /** Counts what could not be shown. */
  missed(): void
  signal: AbortSignal
  lookEveryMs?: number
}

interface Looking {
  mirror: Mirror
  known: Map<string, Known>
  tell: Tell
}

/** Until `signal` aborts. Never throws: what goes wrong is told once, and tried again. */
export async function keepMirrored(mirror: Mirror): Promise<void> {
  const looking: Looking = { mirror, known: new Map(), tell: teller(mirror) }
  const { lookEveryMs = LOOK_EVERY_MS, signal } = mirror
  let pauseMs = lookEveryMs
  while (await isTime(pauseMs, signal)) {
    const begunAt = Date.now()
    try {
      const left = await look(looking)
      looking.tell.all(null)
      const tookMs = Date.now() - begunAt
      pauseMs = pauseAfter({ tookMs, left, everyMs: lookEveryMs, mostMs: LOOK_EVERY_MS_MAX })
    } catch (error) {
      if (signal.aborted) return
      looking.tell.all(wordsOf(error))
      pauseMs = Math.min(Math.max(pauseMs * 2, saidToWait(error)), LOOK_EVERY_MS_MAX)
    }
  }
}

/** Gives how many that have moved are left to the next one. */
async function look(looking: Looking): Promise<number> {
  const { mirror, known } = looking
  const { access, kube, namespace } = mirror
  const path = pathOf(namespace)
  const doing = `listing cutovers in ${namespace} of cluster ${kube.cluster}`
  const stored = await kube.list<Stored>({ path, doing }, io(mirror))
  if (stored === null)
    throw new Error(`${doing}: no such kind of resource: apply deploy/kubernetes/cutovers.crd.yaml`)
  const [open, recent] = await Promise.all([
    listRuns(access, { all: false, max: RUNS_MAX }),
    listRuns(access, { all: true, max: RECENT_MAX }),
  ])
  const runs = [...open, ...recent].toSorted((a, b) => b.startedAt.localeCompare(a.startedAt))
  const { now, left, services } = chosen({
    runs,
    stored,
    known,
    temporalNamespace: access.namespace,
    now: Date.now(),
  })
  for (const service of known.keys()) if (!services.has(service)) known.delete(service)
  try {
    await showAll(looking, now)
    await removeOld(looking, stored, open)
  } finally {
    looking.tell.say()
  }
  return left
}

/** A few at once, to the end of all of them: none goes on beside the next look. The first trouble of the server is raised. */
async function showAll(looking: Looking, all: Chosen[]): Promise<void> {
  const { mirror } = looking
  const trouble: { error: unknown } = { error: null }
  const queue = all.values()
  const begunAt = Date.now()
  const work = async (): Promise<void> => {
    for (const each of queue) {
      if (mirror.signal.aborted || trouble.error !== null) return
      if (each.isTurn && Date.now() - begunAt > TURNS_MS) return // they come last
      try {
        await showOne(looking, each)
      } catch (error) {
        trouble.error ??= error
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  if (trouble.error !== null) throw trouble.error
}

/** Raises what is no trouble of this one. */
async function showOne({ mirror, known, tell }: Looking, { service, told, found }: Chosen): Promise<void> {
  const { access, kube, namespace, signal } = mirror
  const run = known.get(service)?.run
  const tried = { told, triedAt: Date.now(), resourceVersion: found?.metadata.resourceVersion, run }
  const eventLost = (error: unknown): void => tell.aside('events of runs are not written', wordsOf(error))
  try {
    const showing = { access, kube, namespace, signal, eventLost }
    const { isRead, ...shown } = await show(showing, { service, before: run, found })
    known.set(service, { ...tried, ...shown, told: isRead ? told : null })
    tell.one(service, null)
  } catch (error) {
    known.set(service, tried) // whatever it was: others first
    if (OF_THE_SERVER.includes(kindOf(error) ?? '')) throw error
    if (!signal.aborted) tell.one(service, wordsOf(error))
  }
}

/** Those that a worker has made, of runs that ended long ago. What people have declared is theirs. */
async function removeOld({ mirror, tell }: Looking, stored: Stored[], open: ListedRun[]): Promise<void> {
  const { access, kube, namespace, keepMs, log } = mirror
  const running = new Set(open.map(({ service }) => service))
  const old = stored.filter(({ metadata: { labels = {} }, spec, status }) => {
    const isOurs = Object.entries(MANAGED_BY).every(([label, value]) => labels[label] === value)
    const isOver = status?.endedAt !== undefined && Date.now() - Date.parse(status.endedAt) > keepMs
    return (
      isOurs && isOver && spec?.temporalNamespace === access.namespace && !running.has(spec.service ?? '')
    )
  })
  for (const { metadata } of old.slice(0, REMOVED_MAX)) {
    const { name, resourceVersion } = metadata
    const doing = `removing Cutover ${namespace}/${name}, whose run ended long ago`
    try {
      await kube.remove({ path: `${pathOf(namespace)}/${name}`, doing, resourceVersion }, io(mirror))
      log.info(doing)
    } catch (error) {
      const kind = kindOf(error) ?? ''
      if (OF_THE_SERVER.includes(kind)) throw error
      if (!['Conflict', 'Missing'].includes(kind))
        return tell.aside('objects of runs that ended long ago stay', wordsOf(error))
    }
  }
}

function saidToWait(error: unknown): number {
  return error instanceof ApplicationFailure ? Number(error.nextRetryDelay ?? 0) : 0
}

/** After the pause; false = the end. */
async function isTime(pauseMs: number, signal: AbortSignal): Promise<boolean> {
  try {
    await wait(pauseMs, undefined, { signal, ref: false })
    return true
  } catch {
    return false // told to end
  }
}
