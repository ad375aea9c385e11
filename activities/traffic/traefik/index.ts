// Shares and mirrors requests of one weighted service of Traefik by replacing a file of its file provider. The new file is made
// outside the folder that Traefik watches: one more event there, and the change waits for a whole throttle.
import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { matches } from '../../../workflows/json.ts'
import type { Io, Write } from '../../../workflows/ports/target.ts'
import type { Mirror, Split } from '../../../workflows/ports/traffic.ts'
import { failure } from '../../failure.ts'
import { defineProvider } from '../../provider.ts'
import { fileFailure } from '../file-failure.ts'
import { changedSince } from '../versions.ts'
import { FileChanged, isLink, replaceWhole } from '../whole-file.ts'
import { fullName, serviceNamed } from '../../traefik/api.ts'
import { type Edge, type Look, apiOf, elsewhereOf, look, observed, translating, versionOf } from './look.ts'
import { confirm } from './proof.ts'
import { type TraefikConfig, spec } from './schema.ts'
import { edited, figuresFor } from './services.ts'

const TAKE_UP_MS_MAX = 1_000 // with a throttle of 0.1 s it shows within 0.2 s (measured); what is later is looked for by the engine
const TAKE_UP_LOOK_MS = 20
const TRIES_MAX = 3 // a generator that rewrites the file beside our service at the same moment is let through

export const traefik = defineProvider({
  spec,
  connect: (config, deps) => {
    const edge: Edge = { config, fetch: deps.fetch }
    return {
      observe: async (target, io, wanted = []) => {
        const here = await look(edge, target, io)
        for (const desired of wanted as Value[])
          translating(settingWords(config, target, desired), () => figuresFor(desired, config))
        return observed(here, edge, io)
      },
      write: (write, io) => writeService(edge, write as Writing, io),
      confirm: async (request, io) => confirm(edge, await look(edge, request.target, io), { request, io }),
      permits: (_target, io) => permitted(config, io),
    }
  },
})

type Value = Split | Mirror
type Writing = Write<Value>

async function writeService(edge: Edge, write: Writing, io: Io): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await writeOnce(edge, write, io)
    } catch (error) {
      if (!(error instanceof FileChanged)) throw error
      // Whether that was our service is seen by looking again: the next try tells a conflict, and says what it found.
      if (attempt === TRIES_MAX)
        throw failure(
          'Unavailable',
          `setting ${write.target} in ${edge.config.file}: ${error.message}, again and again`,
        )
    }
  }
}

async function writeOnce(edge: Edge, { target, desired, seen }: Writing, io: Io): Promise<void> {
  const { config } = edge
  const here = await look(edge, target, io)
  const { file } = here
  if (file.problem !== undefined) throw file.problem
  const doing = settingWords(config, target, desired)
  const isInFile = matches(file.value, desired)
  if (isInFile && matches(here.value, desired)) return
  refuseOutdated(here, config, { doing, seen })
  const text = translating(doing, () => edited(file.file.text, file.figures, { desired, config }))
  await refuseUnknown(edge, { target, doing }, io)
  // A file that says it already was not taken up: replaced all the same, for Traefik reads it at the rename.
  await place(config, { doing, from: file.file.text, to: { ...file.file, text } }, io)
  await untilServed(edge, { target, desired }, io)
}

function settingWords({ file }: TraefikConfig, target: string, desired: Value): string {
  return `setting ${target} to ${JSON.stringify(desired)} in ${file}`
}

function stagingOf({ file, staging }: TraefikConfig): string {
  return staging ?? dirname(dirname(file))
}

async function place(
  config: TraefikConfig,
  { doing, from, to }: { doing: string; from: string; to: Parameters<typeof replaceWhole>[1]['to'] },
  io: Io,
): Promise<void> {
  try {
    io.signal.throwIfAborted()
    if (await isLink(config.file)) {
      const fix = 'change it where it is generated, or name the file itself'
      throw failure('Config', `${doing}: it is a symbolic link; ${fix}`)
    }
    await replaceWhole(config.file, { from, to, by: stagingOf(config) })
  } catch (error) {
    if (error instanceof FileChanged) throw error
    if ((error as NodeJS.ErrnoException).code === 'EXDEV')
      throw failure('Config', `${doing}: ${otherSystem(config)}`)
    throw fileFailure(doing, error, io.signal)
  }
}

function otherSystem(config: TraefikConfig): string {
  return `${stagingOf(config)} is on another file system; name a folder on the same one with \`staging\`, which Traefik does not watch`
}

/** A throttle is no failure: the engine goes on looking for as long as `showsWithin`. */
async function untilServed(
  edge: Edge,
  { target, desired }: { target: string; desired: Value },
  io: Io,
): Promise<void> {
  const signal = AbortSignal.any([io.signal, AbortSignal.timeout(TAKE_UP_MS_MAX)])
  while (!signal.aborted) {
    try {
      if (matches((await look(edge, target, { signal })).value, desired)) return
    } catch {
      // It cannot be asked, or the time is over in the middle of a question: the file is in place all the same.
    }
    await new Promise((resolve) => setTimeout(resolve, TAKE_UP_LOOK_MS))
  }
}

/** Traefik takes the name of a service it does not have, disables the one that names it, and answers 404 to everybody. */
async function refuseUnknown(
  edge: Edge,
  { target, doing }: { target: string; doing: string },
  io: Io,
): Promise<void> {
  const { config } = edge
  const names = target === 'split' ? [config.old, config.new] : [config.shadow ?? '']
  const found = await Promise.all(
    names.map(async (name) => ({ name, service: await serviceNamed(apiOf(edge, io), name) })),
  )
  for (const { name, service } of found) {
    if (service === null)
      throw failure('Rejected', `${doing}: Traefik has no service ${fullName(name)} and would answer 404`)
    if (service.status !== 'enabled')
      throw failure(
        'Rejected',
        `${doing}: service ${service.name} is ${service.status} and would be answered 404`,
      )
  }
}

/** Somebody's change beside our service is no conflict; one of our service is, and it is told where it was found. */
function refuseOutdated(
  here: Look,
  config: TraefikConfig,
  { doing, seen }: { doing: string; seen: Writing['seen'] },
): void {
  if (seen.version === undefined) return
  const changed = changedSince(seen.version, versionOf(here, config))
  if (changed.own) {
    const other = elsewhereOf(here, config)
    const isElsewhere = other !== null && matches(here.value, seen.value)
    const found = isElsewhere ? other.value : here.value
    const where = isElsewhere ? ` in the ${other.place}, which Traefik does not serve yet` : ''
    throw failure(
      'Conflict',
      `${doing}: the service was changed by someone else since; found ${JSON.stringify(found)}${where}`,
      { details: { found, writer: null } },
    )
  }
  if (changed.version && !changed.beside)
    throw failure('Unavailable', `${doing}: the file was written since, with the same content; looking again`)
}

async function permitted(config: TraefikConfig, io: Io): Promise<string> {
  const doing = `replacing ${config.file}`
  const staging = stagingOf(config)
  const mayReplace = async () => {
    if (await isLink(config.file)) throw failure('Config', `${doing}: it is a symbolic link`)
    await access(dirname(config.file), constants.W_OK | constants.X_OK)
    await access(staging, constants.W_OK | constants.X_OK)
    const [own, other] = await Promise.all([stat(config.file), stat(staging)])
    if (own.dev !== other.dev) throw failure('Config', `${doing}: ${otherSystem(config)}`)
  }
  await mayReplace().catch((error: unknown) => {
    throw fileFailure(doing, error, io.signal)
  })
  return `${dirname(config.file)} and ${staging} may be written, so the file can be replaced`
}
