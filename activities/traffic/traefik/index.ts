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
import { overChanges, refuseOutdated, untilServed } from '../served-file.ts'
import { FileChanged, isLink, replaceWhole } from '../whole-file.ts'
import { fullName, serviceNamed } from '../../traefik/api.ts'
import { type Edge, apiOf, elsewhereOf, look, observed, translating, versionOf } from './look.ts'
import { confirm } from './proof.ts'
import { type TraefikConfig, spec } from './schema.ts'
import { edited, figuresFor } from './services.ts'

const TAKE_UP_MS_MAX = 1_000 // with a throttle of 0.1 s it shows within 0.2 s (measured); what is later is looked for by the engine
const TAKE_UP_LOOK_MS = 20

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
      write: (write, io) =>
        overChanges(`setting ${write.target} in ${config.file}`, () => writeOnce(edge, write as Writing, io)),
      confirm: async (request, io) => confirm(edge, await look(edge, request.target, io), { request, io }),
      permits: (_target, io) => permitted(config, io),
    }
  },
})

type Value = Split | Mirror
type Writing = Write<Value>

async function writeOnce(edge: Edge, { target, desired, seen }: Writing, io: Io): Promise<void> {
  const { config } = edge
  const here = await look(edge, target, io)
  const { file } = here
  if (file.problem !== undefined) throw file.problem
  const doing = settingWords(config, target, desired)
  const isInFile = matches(file.value, desired)
  if (isInFile && matches(here.value, desired)) return
  const now = { value: here.value, version: versionOf(here, config), elsewhere: elsewhereOf(here, config) }
  refuseOutdated({ doing, what: 'the service', seen, now, late: ', which Traefik does not serve yet' })
  const text = translating(doing, () => edited(file.file.text, file.figures, { desired, config }))
  await refuseUnknown(edge, { target, doing }, io)
  // A file that says it already was not taken up: replaced all the same, for Traefik reads it at the rename.
  await place(config, { doing, from: file.file.text, to: { ...file.file, text } }, io)
  const isServed = async (each: Io) => matches((await look(edge, target, each)).value, desired)
  await untilServed(isServed, { withinMs: TAKE_UP_MS_MAX, everyMs: TAKE_UP_LOOK_MS }, io)
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
