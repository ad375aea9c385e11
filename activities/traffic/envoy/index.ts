// Shares and mirrors requests of one Envoy route by replacing its route file. A file that Envoy rejects is put back:
// it would otherwise wait there and take the routes down at Envoy's next restart.
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { JsonObject } from '../../../workflows/json.ts'
import { matches } from '../../../workflows/json.ts'
import type { Io, Write } from '../../../workflows/ports/target.ts'
import type { Mirror, Split } from '../../../workflows/ports/traffic.ts'
import { failure } from '../../failure.ts'
import { defineProvider } from '../../provider.ts'
import { clusterNames, rejectedUpdates, servedRoutes } from './client.ts'
import {
  type Edge,
  type Look,
  adminOf,
  fileFailure,
  look,
  observed,
  translating,
  valueOf,
  versionOf,
} from './look.ts'
import { confirmMirror, confirmSplit } from './proof.ts'
import { type RouteFile, RouteFileChanged, isLink, replaceRouteFile } from './route-file.ts'
import { editMirror, editSplit, findRoute, keyOf } from './routes.ts'
import { spec } from './schema.ts'

const TAKE_UP_MS_MAX = 1_000 // Envoy takes a renamed file up within 5 ms (measured); longer means it does not watch it
const TAKE_UP_LOOK_MS = 10 // a look at the admin takes about a millisecond

export const envoy = defineProvider({
  spec,
  connect: (config, deps) => {
    const edge: Edge = { config, fetch: deps.fetch }
    return {
      observe: async (target, io) => observed(await look(edge, target, io), edge),
      write: (write, io) => writeRoute(edge, write, io),
      confirm: async (request, io) => {
        const here = await look(edge, request.target, io)
        const prove = request.target === 'mirror' ? confirmMirror : confirmSplit
        return prove({ edge, here, request }, io)
      },
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

async function writeRoute(edge: Edge, write: Write<Split | Mirror>, io: Io): Promise<void> {
  const { config } = edge
  const { target, desired, seen } = write
  const here = await look(edge, target, io)
  const { file } = here
  if (file.problem !== undefined) throw file.problem
  const doing = `setting ${target} to ${JSON.stringify(desired)} in ${config.routes}`
  const isThere = await translating(doing, () =>
    [here.value, valueOf(file.route, config, target)].every((value) => matches(value, desired)),
  )
  if (isThere) return
  refuseOutdated(here, { doing, seen: seen.version })
  await translating(doing, () => {
    if (target === 'split') editSplit(file.route.action, desired as Split, config)
    else editMirror(file.route.action, desired as Mirror, config.shadow ?? '')
  })
  await refuseUnknownClusters(edge, { resource: file.resource, target, doing }, io)
  const version = bump(String(file.document[keyOf(file.document, 'version_info')] ?? ''))
  file.document[keyOf(file.document, 'version_info')] = version
  const name = here.routeConfigName
  const rejectedBefore = await rejectedUpdates(adminOf(edge, io), name)
  const sent: Sent = {
    name,
    version,
    rejectedBefore,
    target,
    desired,
    before: file.file,
    after: afterOf(file),
  }
  await place(edge, { doing, sent }, io)
  const fate = await fateOf(edge, sent, io)
  if (fate === 'unknown') {
    const ms = TAKE_UP_MS_MAX
    throw failure(
      'Unavailable',
      `${doing}: Envoy did not take up version ${version} within ${ms} ms; does it watch this folder?`,
    )
  }
  if (fate === 'rejected') throw await putBack(edge, { doing, sent })
}

async function place(
  { config }: Edge,
  { doing, sent }: { doing: string; sent: Sent },
  io: Io,
): Promise<void> {
  try {
    io.signal.throwIfAborted()
    if (await isLink(config.routes)) {
      const fix = 'change it where it is generated, or name the file itself'
      throw failure('Config', `${doing}: it is a symbolic link; ${fix}`)
    }
    await replaceRouteFile(config.routes, { from: sent.before.text, to: sent.after })
  } catch (error) {
    if (error instanceof RouteFileChanged) throw failure('Conflict', `${doing}: ${error.message}`)
    throw fileFailure(doing, error, io.signal)
  }
}

/** Not under the call's deadline: a rejected file must not be left behind. Returns what to throw. */
async function putBack({ config }: Edge, { doing, sent }: { doing: string; sent: Sent }): Promise<Error> {
  const rejected = `${doing}: Envoy rejected version ${sent.version} (update_rejected rose)`
  try {
    await replaceRouteFile(config.routes, { from: sent.after.text, to: sent.before })
  } catch (cause) {
    return failure(
      'Rejected',
      `${rejected} and the file could not be put back: ${(cause as Error).message}`,
      { cause },
    )
  }
  const where = 'its log says why ("Filesystem config update rejected")'
  return failure('Rejected', `${rejected} and the file was put back; ${where}`)
}

function afterOf({ document, file }: { document: JsonObject; file: RouteFile }): RouteFile {
  const text = JSON.stringify(document, undefined, indentOf(file.text))
  return { ...file, text: `${text}${file.text.endsWith('\n') ? '\n' : ''}` }
}

interface Sent {
  name: string
  version: string
  rejectedBefore: number
  before: RouteFile
  after: RouteFile
  target: string
  desired: Split | Mirror
}

/** Looks until Envoy serves the new version or says no; the file itself tells neither. */
async function fateOf(edge: Edge, sent: Sent, io: Io): Promise<'served' | 'rejected' | 'unknown'> {
  const admin = adminOf(edge, io)
  const end = performance.now() + TAKE_UP_MS_MAX
  for (;;) {
    const served = (await servedRoutes(admin)).find(({ routeConfig }) => routeConfig.name === sent.name)
    if (served?.version === sent.version) return 'served'
    if ((await rejectedUpdates(admin, sent.name)) > sent.rejectedBefore) return 'rejected'
    // A content that Envoy serves already keeps the version it came with.
    if (performance.now() > end)
      return served !== undefined && isServed(served.routeConfig, edge, sent) ? 'served' : 'unknown'
    await new Promise((resolve) => setTimeout(resolve, TAKE_UP_LOOK_MS))
  }
}

function isServed(routeConfig: JsonObject, { config }: Edge, { target, desired }: Sent): boolean {
  return matches(valueOf(findRoute(routeConfig, config), config, target), desired)
}

function refuseOutdated(here: Look, { doing, seen }: { doing: string; seen: string | undefined }): void {
  const version = versionOf(here)
  if (seen === undefined || seen === version) return
  throw failure(
    'Conflict',
    `${doing}: the routes were changed by someone else since; found ${JSON.stringify(here.value)}`,
    {
      details: { found: here.value, writer: null },
    },
  )
}

/** Without validate_clusters Envoy accepts a cluster it does not have and answers 503 for it. */
async function refuseUnknownClusters(
  edge: Edge,
  { resource, target, doing }: { resource: JsonObject; target: string; doing: string },
  io: Io,
): Promise<void> {
  if (resource[keyOf(resource, 'validate_clusters')] === true) return
  const { old, new: fresh, shadow } = edge.config
  const wanted = target === 'split' ? [old, fresh] : [shadow ?? '']
  const there = await clusterNames(adminOf(edge, io))
  const unknown = wanted.filter((name) => !there.includes(name))
  if (unknown.length === 0) return
  throw failure(
    'Rejected',
    `${doing}: Envoy has no cluster ${unknown.join(', ')}; it has ${there.sort().join(', ')}`,
  )
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
