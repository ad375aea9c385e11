// Shares and mirrors requests of one Envoy route by replacing its route file. A file that Envoy rejects is put back:
// it would otherwise wait there and take the routes down at Envoy's next restart.
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { JsonObject } from '../../../workflows/json.ts'
import { matches, sameJson } from '../../../workflows/json.ts'
import type { Io, Write } from '../../../workflows/ports/target.ts'
import { COHORT, type Cohort, type Mirror, type Split } from '../../../workflows/ports/traffic.ts'
import { failure } from '../../failure.ts'
import { defineProvider } from '../../provider.ts'
import { fileFailure } from '../file-failure.ts'
import { overChanges, refuseOutdated } from '../served-file.ts'
import { FileChanged, type WholeFile, isLink, replaceWhole } from '../whole-file.ts'
import { clusterNames, rejectedUpdates, servedRoutes, whyIncomplete } from '../../envoy/admin.ts'
import { editCohort } from './cohort.ts'
import {
  type Value,
  elsewhereOf,
  look,
  observed,
  strangeOf,
  translating,
  valueOf,
  versionOf,
} from './look.ts'
import { type Edge, adminOf, clustersFor, countersFor } from './edge.ts'
import { inFlightIn } from './in-flight.ts'
import { confirmCohort, confirmMirror, confirmSplit } from './proof.ts'
import { editMirror } from './mirrors.ts'
import { type RouteHere, editSplit, findRoute, keyOf } from './routes.ts'
import { spec } from './schema.ts'

const TAKE_UP_MS_MAX = 1_000 // Envoy takes a renamed file up within 5 ms (measured); longer means it does not watch it
const TAKE_UP_LOOK_MS = 10 // a look at the admin takes about a millisecond

export const envoy = defineProvider({
  spec,
  connect: (config, deps) => {
    const edge: Edge = { config, fetch: deps.fetch }
    return {
      observe: async (target, io, wanted = []) => {
        const here = await look(edge, target, io)
        for (const desired of wanted as Value[]) {
          const doing = `setting ${target} to ${JSON.stringify(desired)} in ${config.routes}`
          await translating(doing, () => edit(edge, structuredClone(here.route), { target, desired }))
        }
        if (target === 'split' && wanted.length > 0) await countersFor(edge, [[config.old], [config.new]], io)
        return observed(here, edge, io)
      },
      write: (write, io) =>
        overChanges(`setting ${write.target} in ${config.routes}`, () =>
          writeOnce(edge, write as Writing, io),
        ),
      confirm: async (request, io) => {
        const here = await look(edge, request.target, io)
        if (request.target === COHORT) return confirmCohort({ edge, here, request })
        const prove = request.target === 'mirror' ? confirmMirror : confirmSplit
        return prove({ edge, here, request }, io)
      },
      inFlight: (side, io) => inFlightIn(edge, side, io),
      async permits(_target, io) {
        const doing = `replacing ${config.routes}`
        const mayReplace = async () => {
          if (await isLink(config.routes)) throw failure('Config', `${doing}: it is a symbolic link`)
          await access(dirname(config.routes), constants.W_OK | constants.X_OK)
        }
        await mayReplace().catch((error: unknown) => {
          throw fileFailure(doing, error, io.signal)
        })
        return `${dirname(config.routes)} may be written, so the file can be replaced`
      },
    }
  },
})

type Writing = Write<Value>

async function writeOnce(edge: Edge, write: Writing, io: Io): Promise<void> {
  const { config } = edge
  const { target, desired, seen } = write
  const here = await look(edge, target, io)
  const { file } = here
  if (file.problem !== undefined) throw file.problem
  const doing = `setting ${target} to ${JSON.stringify(desired)} in ${config.routes}`
  const isThere = await translating(doing, () =>
    [here.value, valueOf(file.route, config, target)].every((value) => matches(value, desired)),
  )
  if (isThere && strangeOf(here, config) === null) return
  refuseOutdated({
    doing,
    what: 'the route',
    seen,
    now: { value: here.value, version: versionOf(here, config), elsewhere: elsewhereOf(here, config) },
    late: ', which Envoy does not serve yet',
    file: 'the route file',
  })
  await translating(doing, () => edit(edge, file.route, write))
  await refuseUnknownClusters(edge, { resource: file.resource, target, doing }, io)
  const version = bump(String(file.document[keyOf(file.document, 'version_info')] ?? ''))
  file.document[keyOf(file.document, 'version_info')] = version
  const name = here.routeConfigName
  const rejectedBefore = await rejectedUpdates(adminOf(edge, io), name)
  const sent: PendingWrite = {
    name,
    version,
    rejectedBefore,
    target,
    desired,
    isWayBack: write.before !== undefined && sameJson(write.before, desired),
    before: file.file,
    after: afterOf(file),
  }
  await place(edge, { doing, sent }, io)
  const fate = await outcomeOf(edge, sent, io)
  if (fate !== 'served') throw await fallen(edge, { doing, sent, fate }, io)
}

function edit(
  { config }: Edge,
  here: RouteHere,
  { target, desired }: { target: string; desired: Value },
): void {
  const { action } = here
  if (target === COHORT) editCohort(here, desired as Cohort, config)
  else if (target === 'split') editSplit(action, desired as Split, config)
  else editMirror(here, desired as Mirror, config.shadow ?? '')
}

async function place(
  { config }: Edge,
  { doing, sent }: { doing: string; sent: PendingWrite },
  io: Io,
): Promise<void> {
  try {
    io.signal.throwIfAborted()
    if (await isLink(config.routes)) {
      const fix = 'change it where it is generated, or name the file itself'
      throw failure('Config', `${doing}: it is a symbolic link; ${fix}`)
    }
    await replaceWhole(config.routes, { from: sent.before.text, to: sent.after })
  } catch (error) {
    if (error instanceof FileChanged) throw error
    throw fileFailure(doing, error, io.signal)
  }
}

/**
 * The file may not go on saying what Envoy does not serve: at its next start Envoy would serve it, after a run that knows
 * nothing of it. So it is put back, except on the way back: there it already says what was there before. Returns what to throw.
 */
async function fallen(
  edge: Edge,
  { doing, sent, fate }: { doing: string; sent: PendingWrite; fate: Exclude<WriteOutcome, 'served'> },
  io: Io,
): Promise<Error> {
  const { version } = sent
  if (fate === 'rejected') {
    const starting = await whyIncomplete(adminOf(edge, io), sent.name).catch(() => null)
    const rejected = `${doing}: Envoy rejected version ${version} (update_rejected rose)`
    const where = 'its log says why ("Filesystem config update rejected")'
    return failure(
      starting === null ? 'Rejected' : 'Unavailable',
      `${rejected} and ${await putBack(edge, sent)}; ${where}`,
    )
  }
  const late = `${doing}: Envoy did not take up version ${version} within ${TAKE_UP_MS_MAX} ms`
  const left = sent.isWayBack ? 'the file is left as it is to be' : await putBack(edge, sent)
  return failure('Unavailable', `${late} and ${left}; does it watch this folder?`)
}

/** Not under the call's deadline: the file must not be left behind. Says what became of it. */
async function putBack({ config }: Edge, { before, after }: PendingWrite): Promise<string> {
  try {
    await replaceWhole(config.routes, { from: after.text, to: before })
    return 'the file was put back'
  } catch (error) {
    return `the file could not be put back: ${(error as Error).message}`
  }
}

function afterOf({ document, file }: { document: JsonObject; file: WholeFile }): WholeFile {
  const text = JSON.stringify(document, undefined, indentOf(file.text))
  return { ...file, text: `${text}${file.text.endsWith('\n') ? '\n' : ''}` }
}

interface PendingWrite {
  name: string
  version: string
  rejectedBefore: number
  before: WholeFile
  after: WholeFile
  target: string
  desired: Value
  /** What is written is what was there before the run. */
  isWayBack: boolean
}

type WriteOutcome = 'served' | 'rejected' | 'unknown'

/** Looks until Envoy serves the new version or says no; the file itself tells neither. An admin that fails tells nothing. */
async function outcomeOf(edge: Edge, sent: PendingWrite, io: Io): Promise<WriteOutcome> {
  const signal = AbortSignal.any([io.signal, AbortSignal.timeout(TAKE_UP_MS_MAX)])
  const admin = adminOf(edge, { signal })
  let served: JsonObject | undefined
  while (!signal.aborted) {
    try {
      const routes = (await servedRoutes(admin)).find(({ routeConfig }) => routeConfig.name === sent.name)
      served = routes?.routeConfig
      if (routes?.version === sent.version) return 'served'
      if ((await rejectedUpdates(admin, sent.name)) > sent.rejectedBefore) return 'rejected'
    } catch {
      // It cannot be asked, or the time is over in the middle of a question: what it said last counts.
    }
    await new Promise((resolve) => setTimeout(resolve, TAKE_UP_LOOK_MS))
  }
  // A content that Envoy serves already keeps the version it came with.
  return served !== undefined && isServed(served, edge, sent) ? 'served' : 'unknown'
}

function isServed(routeConfig: JsonObject, { config }: Edge, { target, desired }: PendingWrite): boolean {
  try {
    return matches(valueOf(findRoute(routeConfig, config), config, target), desired)
  } catch {
    return false // somebody else's routes, of another shape: whatever they are, they are not what was sent
  }
}

/** Without validate_clusters Envoy accepts a cluster it does not have and answers 503 for it. */
async function refuseUnknownClusters(
  edge: Edge,
  { resource, target, doing }: { resource: JsonObject; target: string; doing: string },
  io: Io,
): Promise<void> {
  if (resource[keyOf(resource, 'validate_clusters')] === true) return
  const wanted = clustersFor(target, edge.config)
  const there = await clusterNames(adminOf(edge, io))
  const unknown = wanted.filter((name) => !there.includes(name))
  if (unknown.length === 0) return
  const words = `${doing}: Envoy has no cluster ${unknown.join(', ')}; it has ${there.sort().join(', ')}`
  const starting = await whyIncomplete(adminOf(edge, io), edge.config.route_config)
  throw starting === null ? failure('Rejected', words) : failure('Unavailable', `${words}: ${starting}`)
}

/** `7` -> `8`, `release-9` -> `release-10`, `blue` -> `blue.1`. */
function bump(version: string): string {
  const counted = /^(.*?)(\d+)$/s.exec(version)
  return counted === null ? `${version}.1` : `${counted[1]}${BigInt(counted[2] ?? '0') + 1n}`
}

/** The file keeps its look, so that a person's diff shows the change alone. */
function indentOf(text: string): string | undefined {
  return /^\s*\{\r?\n([ \t]+)/.exec(text)?.[1]
}
