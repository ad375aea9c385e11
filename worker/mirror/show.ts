// One run and its object: reads the state together with the moment that it is of, and writes what differs over exactly what was found.
// Nothing older is written over newer.
import { kindOf } from '../../activities/failure.ts'
import type { Kube } from '../../activities/kubernetes/client.ts'
import type { TemporalAccess } from '../../view/access.ts'
import { type ReadRun, readRun } from '../../view/read.ts'
import { type Json, type JsonObject, sameJson } from '../../workflows/json.ts'
import type { Stored } from './choose.ts'
import { eventsOf } from './events.ts'
import {
  GROUP,
  MANAGED_BY,
  type Mirrored,
  type Version,
  compareVersions,
  mirrored,
  objectName,
  withTimes,
} from './object.ts'

const CALL_MS_MAX = 10_000 // one look at a run, or one write
const READS_MAX = 3 // a run that moves while it is read is shown at the next look

export interface Showing {
  access: TemporalAccess
  kube: Kube
  /** Of Kubernetes, in which the objects are. */
  namespace: string
  signal: AbortSignal
  /** An event that could not be written: nothing but a line for people is lost. */
  eventLost(error: unknown): void
}

/** What is there now: the state that was read, and the object. */
export interface ShownRun {
  /** False: no worker told the state, or it moved faster than it could be read. What is shown stays. */
  isRead: boolean
  run: ReadRun | undefined
  resourceVersion: string | undefined
}

export async function show(
  showing: Showing,
  { service, before, found }: { service: string; before: ReadRun | undefined; found: Stored | undefined },
): Promise<ShownRun> {
  const { access } = showing
  const owner = found?.spec?.temporalNamespace
  if (owner !== undefined && owner !== access.namespace)
    throw new Error(
      `its object is that of a run in the Temporal namespace ${owner}: let each have a namespace of its own`,
    )
  const as = { isRead: true, run: before, resourceVersion: found?.metadata.resourceVersion }
  const read = await readStill(showing, service, before)
  if (read === null) return { ...as, isRead: false }
  const { run } = read
  const wanted = mirrored({
    view: run.view,
    description: run.answer.plan.description,
    temporalNamespace: access.namespace,
    version: read.version,
  })
  const version = found?.status?.version
  if (version !== undefined && compareVersions(version, wanted.status.version) > 0) return { ...as, run } // another worker has seen more
  const conditions = withTimes(wanted.conditions, found?.status?.conditions, secondOf(Date.now()))
  const status: JsonObject = { ...wanted.status, conditions }
  const isShown =
    found !== undefined &&
    sameJson(found.spec ?? {}, wanted.spec) &&
    sameJson((found.status ?? {}) as Json, status)
  if (isShown) return { ...as, run }
  return { isRead: true, run, resourceVersion: await write(showing, { service, found, wanted, status }) }
}

/** As Kubernetes writes times. */
function secondOf(at: number): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/, 'Z')
}

/** A state together with the moment that it is of: the history had not grown behind it. Null: not this time. */
async function readStill(
  { access }: Showing,
  service: string,
  before: ReadRun | undefined,
): Promise<{ run: ReadRun; version: Version } | null> {
  let known = before
  for (let reads = 0; reads <= READS_MAX; reads++) {
    const run = await readRun(access, service, {
      before: known,
      isSettled: true,
      serverWithinMs: CALL_MS_MAX,
    })
    const { view } = run
    if (view.stale !== null && view.endedAt === null) return null // no worker tells: what is shown stays
    const isStill = known !== undefined && run.length === known.length && view.runId === known.view.runId
    known = run
    if (!isStill || view.startedAt === null) continue
    return { run, version: { startedAt: view.startedAt, beganAt: run.beganAt, events: run.length } }
  }
  return null
}

type Writing = { service: string; found: Stored | undefined; wanted: Mirrored; status: JsonObject }

/**
 * Each write over exactly what the one before has left: of two workers the later one finds that it has moved, and looks again.
 * Gives the version that it has left, or that it was based on.
 */
async function write(
  showing: Showing,
  { service, found, wanted, status }: Writing,
): Promise<string | undefined> {
  const { kube, namespace } = showing
  const name = objectName(service)
  const path = `${pathOf(namespace)}/${name}`
  const doing = `showing the run of ${service} as Cutover ${namespace}/${name}`
  const head = { apiVersion: `${GROUP.group}/${GROUP.version}`, kind: GROUP.kind, spec: wanted.spec }
  try {
    let object = found
    if (object === undefined) {
      const body = { ...head, metadata: { name, namespace, labels: MANAGED_BY } }
      object = await kube.create<Stored>({ path: pathOf(namespace), doing, body }, io(showing))
    } else if (!sameJson(object.spec ?? {}, wanted.spec)) {
      const body = { ...head, metadata: object.metadata as unknown as JsonObject }
      object = await kube.replace<Stored>({ path, doing, body }, io(showing))
    }
    const { resourceVersion, uid } = object.metadata
    const body = { ...head, metadata: { name, namespace, resourceVersion }, status }
    const written = await kube.replace<Stored>({ path: `${path}/status`, doing, body }, io(showing))
    await report(
      showing,
      eventsOf({ service, uid, namespace, before: found?.status, status, now: Date.now() }),
    )
    return written.metadata.resourceVersion
  } catch (error) {
    if (!['Conflict', 'Missing'].includes(kindOf(error) ?? '')) throw error
    return found?.metadata.resourceVersion // it was written or deleted meanwhile: the next look tells what is there
  }
}

/** By the one worker whose write it was. */
async function report(showing: Showing, events: JsonObject[]): Promise<void> {
  const path = `/api/v1/namespaces/${showing.namespace}/events`
  for (const body of events) {
    const doing = `writing the event ${String(body['reason'])}`
    try {
      await showing.kube.create({ path, doing, body }, io(showing))
    } catch (error) {
      if (kindOf(error) !== 'Conflict') showing.eventLost(error) // a conflict: it is there already
    }
  }
}

export function pathOf(namespace: string): string {
  return `/apis/${GROUP.group}/${GROUP.version}/namespaces/${namespace}/${GROUP.resource}`
}

export function io({ signal }: Pick<Showing, 'signal'>): { signal: AbortSignal } {
  return { signal: AbortSignal.any([signal, AbortSignal.timeout(CALL_MS_MAX)]) }
}
