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
import { overChanges, refuseOutdated, untilServed } from '../served-file.ts'
import { isLink } from '../whole-file.ts'
import { cautionsOf, refuseUnserved } from './cautions.ts'
import { confirmCohort, observeCohort, writeCohort } from './cohort.ts'
import { dump, permittedCommands, reload } from './commands.ts'
import {
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
          : overChanges(`setting ${write.target} in ${config.file}`, () =>
              writeOnce(edge, write as Writing, io),
            ),
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
  return {
    config,
    fetch: deps.fetch,
    memory: new Map(),
    keys: new Map(),
    commands: { config, deps },
    cohorts: [],
  }
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
  const [elsewhere = null] = elsewhereOf(here, config)
  const now = { value: servedValue(here), version: versionOf(here), elsewhere }
  refuseOutdated({ doing, what: 'it', seen: write.seen, now })
  // What is wrong before is nobody's doing here, and must not be taken for a refusal of the new share.
  refuseUnserved(await dump(commands, io), { config, target, doing }, here.file.text)
  if (!matches(fileValue(here), desired)) {
    const to = { ...here.file, text: withShare(here.file.text, here.split, hundredths) }
    const isWayBack = write.before !== undefined && sameJson(write.before, desired)
    await place(edge, { doing, from: here.file, to }, io)
    await taken(edge, { doing, from: here.file, to, isWayBack }, io)
  } else await reload(commands, io)
  const isServed = async (each: Io) => {
    const { groups, ...rest } = await look(edge, { target, isThorough: false }, each)
    return groups.length === 1 && matches(servedValue({ groups, ...rest }), desired)
  }
  await untilServed(isServed, { withinMs: TAKE_UP_MS_MAX, everyMs: TAKE_UP_LOOK_MS }, io)
}

function settingWords({ file }: NginxConfig, target: string, desired: Value): string {
  return `setting ${target} to ${JSON.stringify(desired)} in ${file}`
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
