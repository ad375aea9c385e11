// Shares and mirrors requests of an NGINX by replacing one included file and reloading. What `nginx -t` does not find is looked
// for first; a file that NGINX refuses is put back, for it would keep NGINX from starting again.
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { dirname } from 'node:path'
import { matches, sameJson } from '../../../workflows/json.ts'
import type { Io, Write } from '../../../workflows/ports/target.ts'
import { COHORT, type Cohort, type Mirror, type Split } from '../../../workflows/ports/traffic.ts'
import { failure } from '../../failure.ts'
import { type Deps, defineProvider } from '../../provider.ts'
import { fileFailure } from '../file-failure.ts'
import { changedSince } from '../versions.ts'
import { FileChanged, isLink } from '../whole-file.ts'
import { cautionsOf, refuseUnserved } from './cautions.ts'
import { confirmCohort, observeCohort, writeCohort } from './cohort.ts'
import { dump, permittedCommands, reload } from './commands.ts'
import {
  type Look,
  elsewhereOf,
  fileValue,
  hundredthsFor,
  look,
  observed,
  servedValue,
  translating,
  versionOf,
} from './look.ts'
import { confirmMirror, confirmSplit } from './proof.ts'
import { type Nginx, place, taken } from './replace.ts'
import { type NginxConfig, spec } from './schema.ts'
import { withShare } from './splits.ts'

const TAKE_UP_MS_MAX = 1_500 // new workers answer within 50 ms and old ones leave 0.1 s later (measured); what is later is looked for by the engine
const TAKE_UP_LOOK_MS = 25
const TRIES_MAX = 3 // a generator that rewrites the file beside our split at the same moment is let through

export const nginx = defineProvider({
  spec,
  connect: (config, deps) => {
    const edge = edgeOf(config, deps)
    return {
      observe: (target, io, wanted = []) =>
        target === COHORT
          ? observeCohort(edge, io, wanted as Cohort[])
          : lookFor(edge, { target, wanted: wanted as Value[] }, io),
      write: (write, io) =>
        write.target === COHORT
          ? writeCohort(edge, write as Write<Cohort>, io)
          : writeShare(edge, write as Writing, io),
      confirm: async (request, io) => {
        if (request.target === COHORT) return confirmCohort(edge, request.desired as Cohort, io)
        const here = await look(edge, request, io)
        const prove = request.target === 'mirror' ? confirmMirror : confirmSplit
        return prove(edge, { here, request }, io)
      },
      permits: (_target, io) => permitted(edge, io),
    }
  },
})

function edgeOf(config: NginxConfig, deps: Deps): Nginx {
  return { config, fetch: deps.fetch, commands: { config, deps }, cohorts: [] }
}

type Value = Split | Mirror
type Writing = Write<Value>

/** A look for a plan also asks NGINX for its whole configuration: that tells what `wanted` would meet. */
async function lookFor(edge: Nginx, { target, wanted }: { target: string; wanted: Value[] }, io: Io) {
  const { config } = edge
  const here = await look(edge, { target }, io)
  if (wanted.length === 0) return observed(here, config, [])
  for (const desired of wanted)
    translating(settingWords(config, target, desired), () => hundredthsFor(here, desired))
  const text = await dump(edge.commands, io)
  const doing = `sharing by ${config.file}`
  refuseUnserved(text, { config, target, doing }, here.file.text)
  return observed(here, config, cautionsOf(text, { config, target, template: here.split.key }))
}

async function writeShare(edge: Nginx, write: Writing, io: Io): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await writeOnce(edge, write, io)
    } catch (error) {
      if (!(error instanceof FileChanged)) throw error
      // Whether that was our split is seen by looking again: the next try tells a conflict, and says what it found.
      if (attempt === TRIES_MAX)
        throw failure(
          'Unavailable',
          `setting ${write.target} in ${edge.config.file}: ${error.message}, again and again`,
        )
    }
  }
}

async function writeOnce(edge: Nginx, write: Writing, io: Io): Promise<void> {
  const { config, commands } = edge
  const { target, desired } = write
  const doing = settingWords(config, target, desired)
  const here = await look(edge, { target, isThorough: false }, io)
  const hundredths = translating(doing, () => hundredthsFor(here, desired))
  if (
    [servedValue(here), ...elsewhereOf(here, config).map(({ value }) => value)].every((value) =>
      matches(value, desired),
    )
  )
    return
  refuseOutdated(here, config, { doing, seen: write.seen })
  // What is wrong before is nobody's doing here, and must not be taken for a refusal of the new share.
  refuseUnserved(await dump(commands, io), { config, target, doing }, here.file.text)
  if (!matches(fileValue(here), desired)) {
    const to = { ...here.file, text: withShare(here.file.text, here.split, hundredths) }
    const isWayBack = write.before !== undefined && sameJson(write.before, desired)
    await place(edge, { doing, from: here.file, to }, io)
    await taken(edge, { doing, from: here.file, to, isWayBack }, io)
  } else await reload(commands, io)
  await untilServed(edge, { target, desired }, io)
}

function settingWords({ file }: NginxConfig, target: string, desired: Value): string {
  return `setting ${target} to ${JSON.stringify(desired)} in ${file}`
}

/** An accepted reload that does not show in time is no failure: the engine goes on looking for as long as `showsWithin`. */
async function untilServed(
  edge: Nginx,
  { target, desired }: { target: string; desired: Value },
  io: Io,
): Promise<void> {
  const signal = AbortSignal.any([io.signal, AbortSignal.timeout(TAKE_UP_MS_MAX)])
  while (!signal.aborted) {
    try {
      const here = await look(edge, { target, isThorough: false }, { signal })
      if (here.groups.length === 1 && matches(servedValue(here), desired)) return
    } catch {
      // It cannot be asked, or the time is over in the middle of a question: the reload was accepted all the same.
    }
    await new Promise((resolve) => setTimeout(resolve, TAKE_UP_LOOK_MS))
  }
}

/** Somebody's change beside our split is no conflict; one of our split is, and it is told where it was found. */
function refuseOutdated(
  here: Look,
  config: NginxConfig,
  { doing, seen }: { doing: string; seen: Writing['seen'] },
): void {
  if (seen.version === undefined) return
  const changed = changedSince(seen.version, versionOf(here))
  if (changed.own) {
    const other = elsewhereOf(here, config)[0]
    const isElsewhere = other !== undefined && matches(servedValue(here), seen.value)
    const found = isElsewhere ? other.value : servedValue(here)
    const where = isElsewhere ? ` in the ${other.place}` : ''
    throw failure(
      'Conflict',
      `${doing}: it was changed by someone else since; found ${JSON.stringify(found)}${where}`,
      {
        details: { found, writer: null },
      },
    )
  }
  if (changed.version && !changed.beside)
    throw failure('Unavailable', `${doing}: the file was written since, with the same content; looking again`)
}

async function permitted({ config, commands }: Nginx, io: Io): Promise<string> {
  const doing = `replacing ${config.file}`
  const mayReplace = async () => {
    if (await isLink(config.file)) throw failure('Config', `${doing}: it is a symbolic link`)
    await access(dirname(config.file), constants.W_OK | constants.X_OK)
    await access(config.log, constants.R_OK)
  }
  await mayReplace().catch((error: unknown) => {
    throw fileFailure(doing, error, io.signal)
  })
  const told = await permittedCommands(commands, io)
  return `${dirname(config.file)} may be written, so the file can be replaced; ${told}`
}
