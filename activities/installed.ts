// Providers of other packages, named in CUTOVER_PROVIDERS: found, loaded and checked, beside those that are shipped. Offline
// half: loads the data of a provider (`NAME/specs`), its client only for a worker (`NAME`, worker/installed.ts).
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { isAbsolute, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { PortName } from '../workflows/ports/index.ts'
import type { ProviderSpec } from './provider.ts'
import { specs as shipped } from './specs.ts'

const PORTS: Readonly<Record<PortName, true>> = {
  traffic: true,
  dns: true,
  capacity: true,
  metrics: true,
  probe: true,
  preflight: true,
  notify: true,
  reconciler: true,
}

/** A package that is named wrongly, is not there, or is no package of providers. Told to whoever set the variable. */
export class UnusablePackage extends Error {
  readonly fix: string
  constructor(message: string, fix: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'UnusablePackage'
    this.fix = fix
  }
}

/** The specs of all providers: the shipped ones, then those of the named packages. Raises UnusablePackage. */
export async function installedSpecs(packages: readonly string[]): Promise<readonly ProviderSpec[]> {
  const all = [...(shipped as readonly unknown[] as readonly ProviderSpec[])]
  for (const name of packages) {
    const found = await listOf<ProviderSpec>(name, 'specs')
    for (const spec of found) all.push(usable(spec, { name, known: all }))
  }
  return all
}

/** The names in the variable: separated by commas, each a package or the path of one. Raises UnusablePackage. */
export function packagesIn(list: string): string[] {
  const names = list
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
  const wrong = names.find((name) => !isPath(name) && !/^(@[\w.~-]+\/)?[\w~-][\w.~-]*$/.test(name))
  if (wrong === undefined) return [...new Set(names)]
  throw new UnusablePackage(
    `${JSON.stringify(wrong)} is neither the name nor the path of a package`,
    'write @org/package or /path/to/package, separated by commas',
  )
}

function isPath(name: string): boolean {
  return name.startsWith('.') || isAbsolute(name)
}

const ENTRY = { specs: '/specs', providers: '' } as const

/** What a package exports by this name: `specs` from NAME/specs, `providers` from NAME. */
export async function listOf<T>(name: string, list: keyof typeof ENTRY): Promise<T[]> {
  const entry = `${name}${ENTRY[list]}`
  const url = urlOf(name, ENTRY[list])
  let loaded: Record<string, unknown>
  try {
    loaded = (await import(url)) as Record<string, unknown>
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new UnusablePackage(`${entry} cannot be loaded: ${why}`, `try: node -e "import('${url}')"`, error)
  }
  const found = loaded[list]
  if (Array.isArray(found) && found.length > 0) return found as T[]
  throw new UnusablePackage(
    `${entry} exports no list \`${list}\``,
    `export const ${list} = [...] there (docs/adding-a-provider.md)`,
  )
}

/** Looked for beside cutover first, then from the present folder; a path is that package wherever it is. */
function urlOf(name: string, entry: string): string {
  const folder = isPath(name) ? resolve(name) : null
  const own = folder === null ? name : nameIn(folder)
  const places = folder === null ? [import.meta.dirname, process.cwd()] : [folder]
  const failures: string[] = []
  for (const place of places) {
    try {
      return pathToFileURL(createRequire(join(place, 'package.json')).resolve(`${own}${entry}`)).href
    } catch (error) {
      failures.push(error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error))
    }
  }
  throw new UnusablePackage(
    `${name}${entry} was not found: ${[...new Set(failures)].join('; ')}`,
    folder === null
      ? `npm install ${name}   where cutover is installed`
      : `name a folder with a package.json`,
  )
}

function nameIn(folder: string): string {
  try {
    const { name } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name?: unknown }
    if (typeof name === 'string') return name
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new UnusablePackage(`${folder} is no package: ${why}`, 'name a folder with a package.json', error)
  }
  throw new UnusablePackage(`the package.json of ${folder} has no name`, 'give it one')
}

/** By shape, not by class: the package brings its own zod. */
function usable(spec: ProviderSpec, { name, known }: { name: string; known: ProviderSpec[] }): ProviderSpec {
  const given: { [key in keyof ProviderSpec]?: unknown } = spec ?? {}
  const id = typeof given.id === 'string' ? given.id : ''
  const [port = '', own = '', ...more] = id.split('/')
  const { safeParse, _zod: internals } = (given.config ?? {}) as { safeParse?: unknown; _zod?: unknown }
  const rules: [isKept: boolean, problem: string, fix: string][] = [
    [
      Object.hasOwn(PORTS, port) && own !== '' && more.length === 0,
      'its id is not <port>/<name>',
      `ports are ${Object.keys(PORTS).join(', ')}`,
    ],
    [given.port === port, `its port is not ${port}`, 'id and port go together'],
    [
      (given.supports as { port?: unknown } | undefined)?.port === port,
      `its supports are not those of ${port}`,
      `supports: { port: '${port}', ... }`,
    ],
    [
      typeof safeParse === 'function' && internals !== undefined,
      'its config is no schema of zod 4',
      "import { z } from 'zod', version 4",
    ],
    [typeof given.locks === 'function', 'it has no locks', 'locks: () => [] where nothing is changed'],
    [
      known.every((each) => each.id !== id),
      'there is another one of this id',
      `in use: ${known.map((each) => each.id).join(', ')}`,
    ],
  ]
  const broken = rules.find(([isKept]) => !isKept)
  if (broken === undefined) return spec
  const [, problem, fix] = broken
  throw new UnusablePackage(`${name}: provider ${id === '' ? '(without id)' : id}: ${problem}`, fix)
}
