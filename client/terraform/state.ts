// A file with a state of Terraform or OpenTofu -> what it manages, or why it cannot be told. Reads a bounded file of this machine and asks no
// backend. What it holds is secret: messages name the file, a place in it and what is wrong, never what stands there.
import { open } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { type JsonObject, isObject } from '../../workflows/json.ts'
import type { Plan } from '../../workflows/plan.ts'
import type { Finding } from '../runbook/problem.ts'
import { parseSecretJson } from './json.ts'
import { type Managed, isManaging, managedBy } from './managed.ts'
import { Malformed, type Resource, resourcesInFile, resourcesShown } from './resource.ts'

const BYTES_MAX = 64 * 1024 * 1024 // states of thousands of resources have a few; a wrong path to a dump does not fit
const FILE_VERSION = 4 // of all Terraform since 0.12 and all OpenTofu
const SHOWN_MAJOR_MAX = 1 // of `format_version`: 0.1 to 1.x
const LINEAGE_MAX = 64 // a UUID has 36 characters

/** `serial` and `lineage` null: `terraform show -json` leaves them out. */
export type State = {
  file: string
  serial: number | null
  lineage: string | null
  connections: readonly string[] | null
  managed: Managed[]
}

/** Every state that a plan names, and what is wrong with those that cannot be used. `runbook`: paths are relative to it. */
export async function readStates(
  { terraform = [] }: Plan,
  runbook: string,
): Promise<{ states: State[]; findings: Finding[] }> {
  const states: State[] = []
  const findings: Finding[] = []
  for (const [index, { state: written, connections = null }] of terraform.entries()) {
    try {
      const file = written.replace(/^file:/, '')
      states.push({ ...stateIn(await textOf(resolve(dirname(runbook), file)), file), file, connections })
    } catch (error) {
      if (!(error instanceof Unusable)) throw error
      findings.push({ path: ['terraform', index, 'state'], message: error.message, fix: error.fix })
    }
  }
  return { states, findings }
}

class Unusable extends Error {
  readonly fix: string
  constructor(what: string, fix: string) {
    super(what)
    this.fix = fix
  }
}

const PULL = '`terraform state pull > FILE` writes it'

async function textOf(path: string): Promise<string> {
  try {
    const handle = await open(path, 'r')
    try {
      const { size, isFile } = await handle
        .stat()
        .then((found) => ({ size: found.size, isFile: found.isFile() }))
      if (!isFile) throw new Unusable('the state is no file', `name the file itself; ${PULL}`)
      if (size > BYTES_MAX)
        throw new Unusable(
          `the state is larger than ${BYTES_MAX / 1024 / 1024} MiB`,
          'name a file that holds a state',
        )
      return (await handle.readFile('utf8')).replace(/^\uFEFF/, '')
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (error instanceof Unusable) throw error
    const { code = 'unknown error' } = error as NodeJS.ErrnoException
    const why = WHY[code] ?? code
    throw new Unusable(`the state cannot be read: ${why} (on this machine, at ${path})`, PULL)
  }
}

const WHY: { [code: string]: string } = {
  ENOENT: 'there is no such file',
  EACCES: 'no permission to read it',
  EISDIR: 'it is a folder',
}

function stateIn(text: string, file: string): Pick<State, 'serial' | 'lineage' | 'managed'> {
  if (text.trim() === '')
    throw new Unusable(`${file} is empty`, `${PULL}: an empty one says that there is no state yet`)
  const parsed = parseSecretJson(text)
  if (!('value' in parsed))
    throw new Unusable(
      `${file}:${parsed.line}:${parsed.column} is not JSON`,
      `${PULL}; \`terraform show\` alone prints no JSON`,
    )
  const state = parsed.value
  if (!isObject(state)) throw new Unusable(`${file} holds no state: it is no mapping`, PULL)
  try {
    const { resources, ...named } = recognized(state, file)
    return { ...named, managed: resources.flatMap((each) => managedBy(each) ?? []) }
  } catch (error) {
    if (!(error instanceof Malformed)) throw error
    throw new Unusable(`${file} is not as its format says: ${error.at}: ${error.message}`, PULL)
  }
}

function recognized(
  state: JsonObject,
  file: string,
): Pick<State, 'serial' | 'lineage'> & { resources: Resource[] } {
  if (state['encrypted_data'] !== undefined)
    throw new Unusable(
      `${file} is encrypted by OpenTofu`,
      'name what `tofu show -json` prints where the key is, and keep that file as secret as the key',
    )
  if (state['planned_values'] !== undefined || state['resource_changes'] !== undefined)
    throw new Unusable(
      `${file} is a plan of Terraform, not a state`,
      '`terraform show -json` without a plan file prints the state',
    )
  const { version, serial, lineage, format_version: format } = state
  if (typeof version === 'number') {
    demandVersion(version, file)
    const all = state['resources']
    demandSome(Array.isArray(all) ? all.length : null, file)
    return {
      serial: typeof serial === 'number' ? serial : null,
      lineage: typeof lineage === 'string' && lineage !== '' ? lineage.slice(0, LINEAGE_MAX) : null,
      resources: resourcesInFile(state, isManaging),
    }
  }
  if (typeof format !== 'string' || !/^\d{1,4}(?:\.|$)/.test(format))
    throw new Unusable(
      `${file} is no state of Terraform: it has neither "version" nor "format_version"`,
      `${PULL}, and so does \`terraform show -json\``,
    )
  if (Number.parseInt(format, 10) > SHOWN_MAJOR_MAX)
    throw new Unusable(
      `${file} has format_version ${format.slice(0, 9)}, known is ${SHOWN_MAJOR_MAX}.x`,
      'update cutover, or name a state file of version 4',
    )
  demandSome(state['values'] === undefined ? 0 : null, file)
  return { serial: null, lineage: null, resources: resourcesShown(state['values'], isManaging) }
}

function demandVersion(version: number, file: string): void {
  if (version === FILE_VERSION) return
  const fix =
    version < FILE_VERSION
      ? 'a Terraform of 0.12 or newer writes version 4 at its next apply'
      : 'name what `terraform show -json` prints'
  throw new Unusable(`${file} is a state file of version ${version}, known is ${FILE_VERSION}`, fix)
}

/** A state of nothing is that of another workspace, or of another folder. */
function demandSome(count: number | null, file: string): void {
  if (count === 0)
    throw new Unusable(
      `${file} holds no resource`,
      'name the state of the workspace that manages the targets',
    )
}
