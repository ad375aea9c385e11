// One look at a split: what the workers serve is the value; what the file says, and what workers of before a reload still
// serve, are the other places in which it lives.
import { sameJson } from '../../../workflows/json.ts'
import type { Elsewhere, Io, Observed } from '../../../workflows/ports/target.ts'
import type { Mirror, Split } from '../../../workflows/ports/traffic.ts'
import { failure } from '../../failure.ts'
import { fileFailure } from '../file-failure.ts'
import { versionOfParts } from '../versions.ts'
import { type WholeFile, readWhole } from '../whole-file.ts'
import { type Edge, servedBy } from './control.ts'
import { partsOf } from './keys.ts'
import type { NginxConfig } from './schema.ts'
import { type Share, type SplitHere, UnfitFile, WHOLE, besides, findSplit, shareOfName } from './splits.ts'
import type { Group } from './workers.ts'

/** A target as it stands in the file. `names`: the second is the one whose share is the value. */
interface Place {
  variable: string
  names: [string, string]
  word: 'pool' | 'shadow'
}

export interface Look {
  target: string
  place: Place
  file: WholeFile
  split: SplitHere
  groups: Group[]
  /** Processes of NGINX that take connections and that nobody has heard of. */
  unheard: string[]
}

/** `isThorough: false`: a worker that serves something else may be missed. */
export async function look(
  edge: Edge,
  { target, isThorough = true }: { target: string; isThorough?: boolean },
  io: Io,
): Promise<Look> {
  const { config } = edge
  const place = placeOf(config, target)
  const file = await readFile(config, io)
  const split = translating(`reading ${target} from ${config.file}`, () => {
    const found = findSplit(file.text, place.variable, place.names)
    partsOf(found.key)
    return found
  })
  const { names, word } = place
  const asked = { word, template: split.key, names, guess: split, isThorough }
  return { target, place, file, split, ...(await servedBy(edge, asked, io)) }
}

export function observed(here: Look, config: NginxConfig, cautions: string[]): Observed<Split | Mirror> {
  const elsewhere = elsewhereOf(here, config)
  return {
    value: servedValue(here),
    version: versionOf(here),
    facts: {
      workers: here.groups.flatMap(({ workers }) => workers).length,
      hashes: here.split.key,
      ...(here.unheard.length === 0 ? {} : { unheard: here.unheard }),
    },
    ...(elsewhere.length === 0 ? {} : { elsewhere }),
    ...(cautions.length === 0 ? {} : { cautions }),
  }
}

/** Of the workers that most answers came from. */
export function servedValue({ target, groups, place }: Look): Split | Mirror {
  return valueOf(target, groups[0]!.share!, place.names[1])
}

export function fileValue({ target, split, place }: Look): Split | Mirror {
  return valueOf(target, split, place.names[1])
}

export function elsewhereOf(here: Look, config: NginxConfig): Elsewhere[] {
  const { target, groups, place } = here
  const inFile = fileValue(here)
  return [
    ...groups.slice(1).map(({ workers, share }) => ({
      place: `worker ${workers.join(', ')} of NGINX`,
      value: valueOf(target, share!, place.names[1]),
    })),
    ...(sameJson(inFile, servedValue(here)) ? [] : [{ place: `file ${config.file}`, value: inFile }]),
  ]
}

/** Somebody's change beside our split is no conflict; a share that was changed and changed back does not pass for untouched. */
export function versionOf(here: Look): string {
  const served = here.groups.map(({ share }) => valueOf(here.target, share!, here.place.names[1]))
  return versionOfParts({
    identity: here.file.identity ?? 'none',
    own: { served, inFile: fileValue(here) },
    beside: besides(here.file.text, here.split),
  })
}

/** In hundredths of a percent of whichever name comes first in the file. Raises UnfitFile. */
export function hundredthsFor({ place, split, target }: Look, desired: Split | Mirror): number {
  const percent = 'percent' in desired ? desired.percent : (desired.new / (desired.old + desired.new)) * 100
  const hundredths = Math.round(percent * 100)
  const isExact = Math.abs(hundredths - percent * 100) < 1e-6
  if (!isExact || hundredths < 0 || hundredths > WHOLE) {
    throw new UnfitFile(
      'Rejected',
      `${target} ${JSON.stringify(desired)} is no share of 0 to 100 % in steps of 0.01`,
    )
  }
  return split.first === place.names[1] ? hundredths : WHOLE - hundredths
}

/** Gives an UnfitFile its kind, and says what was being done. */
export function translating<T>(doing: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof UnfitFile) throw failure(error.kind, `${doing}: ${error.message}`)
    throw error
  }
}

function valueOf(target: string, share: Share, name: string): Split | Mirror {
  const hundredths = shareOfName(share, name)
  if (target === 'mirror') return { percent: hundredths / 100 }
  return { old: (WHOLE - hundredths) / 100, new: hundredths / 100 }
}

async function readFile({ file }: NginxConfig, io: Io): Promise<WholeFile> {
  try {
    return await readWhole(file, io.signal)
  } catch (error) {
    throw fileFailure(`reading ${file}`, error, io.signal)
  }
}

function placeOf({ variable, old, new: fresh, shadow, shadow_variable }: NginxConfig, target: string): Place {
  if (target === 'split') return { variable, names: [old, fresh], word: 'pool' }
  if (target === 'mirror' && shadow !== undefined && shadow_variable !== undefined) {
    return { variable: shadow_variable, names: ['', shadow], word: 'shadow' }
  }
  const why =
    target === 'mirror' ? 'the connection names no `shadow`' : 'it has split, mirror and cohort only'
  throw failure('Unsupported', `traffic/nginx cannot change ${target}: ${why}`)
}
