// Keeps the objects of Kubernetes that show runs as the runs are, by looking again and again: what is lost, refused or edited is
// put right at a later look. It asks of runs and never tells them anything: no run waits for it, and none notices that it fails.
import { setTimeout as wait } from 'node:timers/promises'
import type { Logger } from '@temporalio/worker'
import { kindOf } from '../../activities/failure.ts'
import type { Kube, KubeObject } from '../../activities/kubernetes/client.ts'
import type { TemporalAccess } from '../../view/access.ts'
import { type ListedRun, listRuns } from '../../view/list.ts'
import { type ReadRun, readRun } from '../../view/read.ts'
import { type Json, type JsonObject, sameJson } from '../../workflows/json.ts'
import {
  GROUP,
  type Mirrored,
  type Version,
  compareVersions,
  mirrored,
  objectName,
  withTimes,
} from './object.ts'

const LOOK_EVERY_MS = 2_000 // people look at it; decisions are made elsewhere
const LOOK_EVERY_MS_MAX = 30_000 // while the API server does not answer, or there are a thousand runs
const REST = 4 // a look at all runs is followed by a pause of so many times its length: both servers have other things to do
const CALL_MS_MAX = 10_000 // one look at a run, or one write
const RUNS_MAX = 1_000 // more open runs than one worker is meant for
const RECENT_MAX = 50 // newest runs, open or not
const AT_ONCE = 4 // looks at runs: they are questions to workers that have other things to do
const ENDED_SHOWN_MS = 600_000 // a run that ended longer ago and has no object gets none any more
const READS_MAX = 3 // a run that moves while it is read is shown at the next look

export interface Mirror {
  access: TemporalAccess
  kube: Kube
  /** Of Kubernetes, in which the objects are. */
  namespace: string
  log: Pick<Logger, 'info' | 'warn' | 'debug'>
  /** Counts what could not be shown. */
  missed(): void
  signal: AbortSignal
  lookEveryMs?: number
}

interface Stored extends KubeObject {
  spec?: { service?: string; temporalNamespace?: string }
  status?: { version?: Version; endedAt?: string; conditions?: unknown; [field: string]: unknown }
}

/** Until `signal` aborts. Never throws: what goes wrong is told once, and tried again. */
export async function keepMirrored(mirror: Mirror): Promise<void> {
  const tell = teller(mirror)
  const before = new Map<string, ReadRun>()
  const { lookEveryMs = LOOK_EVERY_MS } = mirror
  let pauseMs = lookEveryMs
  while (await isTime(pauseMs, mirror.signal)) {
    const begunAt = Date.now()
    try {
      await look(mirror, before, tell)
      tell(ALL, null)
      pauseMs = Math.min(LOOK_EVERY_MS_MAX, Math.max(lookEveryMs, REST * (Date.now() - begunAt)))
    } catch (error) {
      if (mirror.signal.aborted) return
      tell(ALL, wordsOf(error))
      pauseMs = Math.min(pauseMs * 2, LOOK_EVERY_MS_MAX)
    }
  }
}

const ALL = '' // in place of one service

/** `why` null: it is shown. */
type Tell = (service: string, why: string | null) => void

/** Says each trouble once, and its end. */
function teller({ log, missed }: Mirror): Tell {
  const told = new Map<string, string>()
  return (service, why) => {
    const about = service === ALL ? 'runs are' : `the run of ${service} is`
    if (why === null) {
      if (told.delete(service)) log.info(`${about} shown in Kubernetes again`)
      return
    }
    missed()
    if (told.get(service) !== why)
      log.warn(`${about} not shown in Kubernetes: ${why}; trying again, no run waits for it`)
    told.set(service, why)
  }
}

async function look(mirror: Mirror, before: Map<string, ReadRun>, tell: Tell): Promise<void> {
  const { access, kube, namespace } = mirror
  const path = pathOf(namespace)
  const doing = `listing cutovers in ${namespace} of cluster ${kube.cluster}`
  const stored = await kube.list<Stored>({ path, doing }, io(mirror))
  if (stored === null)
    throw new Error(`${doing}: no such kind of resource: apply deploy/kubernetes/cutovers.crd.yaml`)
  const objects = new Map(stored.map((object) => [object.metadata.name, object]))
  const [open, recent] = await Promise.all([
    listRuns(access, { all: false, max: RUNS_MAX }),
    listRuns(access, { all: true, max: RECENT_MAX }),
  ])
  const runs = [...open, ...recent].toSorted((a, b) => b.startedAt.localeCompare(a.startedAt))
  const services = [...new Set([...due(runs, objects), ...unended(stored, access.namespace)])]
  for (const service of before.keys()) if (!services.includes(service)) before.delete(service)
  const queue = services.values()
  const work = async (): Promise<void> => {
    for (const service of queue) {
      if (mirror.signal.aborted) return
      try {
        await show(mirror, { service, before, found: objects.get(objectName(service)) })
        tell(service, null)
      } catch (error) {
        if (kindOf(error) === 'Unavailable') throw error // the server, not this object
        if (!mirror.signal.aborted) tell(service, wordsOf(error))
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
}

/** The newest run of each service, while it is open, and for a while after its end. */
function due(runs: ListedRun[], objects: Map<string, Stored>): string[] {
  const newest = new Map<string, ListedRun>()
  for (const run of runs) if (!newest.has(run.service)) newest.set(run.service, run) // they come newest first
  return [...newest.values()].flatMap(({ service, endedAt, runId }) => {
    const isShown = objects.get(objectName(service))?.status?.['runId'] === runId
    if (endedAt === null) return [service]
    return !isShown && Date.now() - Date.parse(endedAt) < ENDED_SHOWN_MS ? [service] : []
  })
}

/** Objects whose run had not ended when they were written: the worker may have been away meanwhile. */
function unended(stored: Stored[], temporalNamespace: string): string[] {
  return stored.flatMap(({ spec, status }) =>
    spec?.service !== undefined &&
    spec.temporalNamespace === temporalNamespace &&
    status?.endedAt === undefined
      ? [spec.service]
      : [],
  )
}

type Showing = { service: string; before: Map<string, ReadRun>; found: Stored | undefined }

async function show(mirror: Mirror, { service, before, found }: Showing): Promise<void> {
  const read = await readStill(mirror, service, before.get(service))
  if (read === null) return
  before.set(service, read.run)
  const { access } = mirror
  const owner = found?.spec?.temporalNamespace
  if (owner !== undefined && owner !== access.namespace)
    throw new Error(
      `its object is that of a run in the Temporal namespace ${owner}: let each have a namespace of its own`,
    )
  const wanted = mirrored({
    view: read.run.view,
    description: read.run.answer.plan.description,
    temporalNamespace: access.namespace,
    version: read.version,
  })
  const version = found?.status?.version
  if (version !== undefined && compareVersions(version, wanted.status.version) > 0) return // another worker has seen more
  const conditions = withTimes(wanted.conditions, found?.status?.conditions, secondOf(Date.now()))
  const status: JsonObject = { ...wanted.status, conditions }
  const isShown =
    found !== undefined &&
    sameJson(found.spec ?? {}, wanted.spec) &&
    sameJson((found.status ?? {}) as Json, status)
  if (!isShown) await write(mirror, { service, found, wanted, status })
}

/** As Kubernetes writes times. */
function secondOf(at: number): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/, 'Z')
}

/** A state together with the moment that it is of: the history had not grown behind it. Null: not this time. */
async function readStill(
  { access }: Mirror,
  service: string,
  known: ReadRun | undefined,
): Promise<{ run: ReadRun; version: Version } | null> {
  let run = await readRun(access, service, { before: known, serverWithinMs: CALL_MS_MAX })
  for (let reads = 0; reads < READS_MAX; reads++) {
    const again = await readRun(access, service, { before: run, serverWithinMs: CALL_MS_MAX })
    const { view } = again
    if (view.stale !== null && view.endedAt === null) return null // no worker tells: what is shown stays
    const isStill = again.length === run.length && view.runId === run.view.runId
    run = again
    if (!isStill || view.startedAt === null) continue
    return { run, version: { startedAt: view.startedAt, beganAt: run.beganAt, events: run.length } }
  }
  return null
}

type Writing = { service: string; found: Stored | undefined; wanted: Mirrored; status: JsonObject }

/** Each write over exactly what the one before has left: of two workers the later one finds that it has moved, and looks again. */
async function write(mirror: Mirror, { service, found, wanted, status }: Writing): Promise<void> {
  const { kube, namespace, log } = mirror
  const name = objectName(service)
  const path = `${pathOf(namespace)}/${name}`
  const doing = `showing the run of ${service} as Cutover ${namespace}/${name}`
  const head = { apiVersion: `${GROUP.group}/${GROUP.version}`, kind: GROUP.kind, spec: wanted.spec }
  try {
    let object = found
    if (object === undefined) {
      const body = { ...head, metadata: { name, namespace } }
      object = await kube.create<Stored>({ path: pathOf(namespace), doing, body }, io(mirror))
    } else if (!sameJson(object.spec ?? {}, wanted.spec)) {
      const body = { ...head, metadata: object.metadata as unknown as JsonObject }
      object = await kube.replace<Stored>({ path, doing, body }, io(mirror))
    }
    const { resourceVersion } = object.metadata
    const body = { ...head, metadata: { name, namespace, resourceVersion }, status }
    await kube.replace({ path: `${path}/status`, doing, body }, io(mirror))
  } catch (error) {
    if (!['Conflict', 'Missing'].includes(kindOf(error) ?? '')) throw error
    log.debug(`${doing}: it was written or deleted meanwhile`) // the next look tells what is there
  }
}

function pathOf(namespace: string): string {
  return `/apis/${GROUP.group}/${GROUP.version}/namespaces/${namespace}/${GROUP.resource}`
}

function io({ signal }: Mirror): { signal: AbortSignal } {
  return { signal: AbortSignal.any([signal, AbortSignal.timeout(CALL_MS_MAX)]) }
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

function wordsOf(error: unknown): string {
  const words = error instanceof Error ? error.message : String(error)
  const kind = kindOf(error)
  return kind === null ? words : `${kind}: ${words}`
}
