// Packages of CUTOVER_PROVIDERS as somebody may hand them over: taken by shape, and told in words what is wrong with them.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { UnusablePackage, installedSpecs, packagesIn } from '../../../activities/installed.ts'
import { checkRunbook } from '../../../client/runbook/load.ts'
import { createFolder } from '../../../lab/folder.ts'
import { installedProviders } from '../../../worker/installed.ts'

const ZOD = pathToFileURL(join(import.meta.dirname, '../../../node_modules/zod/index.js')).href
const folder = createFolder('providers')
afterAll(() => folder.remove())

const GOOD = {
  id: `'probe/tcp'`,
  port: `'probe'`,
  config: `z.strictObject({ host: z.string().describe('Who is asked') })`,
  supports: `{ port: 'probe', cautions: [] }`,
  locks: `() => []`,
}

let count = 0
/** A package in a folder of its own: its path, as CUTOVER_PROVIDERS may name it. */
function packaged(
  change: Partial<Record<keyof typeof GOOD, string>> = {},
  files: Record<string, string> = {},
) {
  const path = join(folder.path, `package-${count++}`)
  mkdirSync(path)
  const fields = Object.entries({ ...GOOD, ...change }).map(([name, text]) => `${name}: ${text}`)
  const all = {
    'package.json': JSON.stringify({
      name: `acme-${count}`,
      type: 'module',
      exports: { '.': './index.js', './specs': './specs.js' },
    }),
    'specs.js': `import { z } from '${ZOD}'\nexport const spec = { ${fields.join(', ')} }\nexport const specs = [spec]`,
    'index.js': `import { spec } from './specs.js'\nexport const providers = [{ spec, connect: () => ({}) }]`,
    ...files,
  }
  for (const [name, text] of Object.entries(all)) writeFileSync(join(path, name), text)
  return path
}

async function refusal(...packages: string[]): Promise<string> {
  const error: unknown = await installedProviders(packages).then(
    () => new Error('it was taken'),
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof UnusablePackage)) throw error
  return `${error.message}; ${error.fix}`
}

describe('a package of providers', () => {
  it('is known to the CLI and to the worker beside the shipped ones', async () => {
    const path = packaged()
    expect((await installedSpecs([path])).map(({ id }) => id)).toContain('probe/tcp')
    const registry = await installedProviders([path])
    expect(registry.find('probe/tcp')?.spec.port).toBe('probe')
    expect(registry.find('traffic/haproxy')?.spec.port).toBe('traffic')
    expect(registry.known()).toEqual(expect.arrayContaining(['probe/tcp', 'traffic/haproxy']))
  })

  it('is loaded for the CLI without its client', async () => {
    const path = packaged({}, { 'index.js': `throw new Error('the client was loaded')` })
    expect((await installedSpecs([path])).map(({ id }) => id)).toContain('probe/tcp')
    expect(await refusal(path)).toContain('the client was loaded')
  })

  it('tells mistakes in its connections as the shipped ones do', async () => {
    const specs = await installedSpecs([packaged()])
    const text = `cutover: v1\nservice: a\nconnections:\n  it: { provider: probe/tcp, hots: x }\nsteps:\n  - hold: { for: 1s }\n`
    const { problems } = await checkRunbook(text, { file: 'a.yaml', specs })
    expect(problems).toMatchObject([
      { line: 4, message: 'unknown key "hots"', fix: expect.stringContaining('host') },
    ])
  })

  it.each([
    [{ id: `'tcp'` }, 'provider tcp: its id is not <port>/<name>; ports are traffic, dns'],
    [{ id: `'queue/tcp'` }, 'provider queue/tcp: its id is not <port>/<name>'],
    [{ id: `'probe/http'` }, 'provider probe/http: there is another one of this id'],
    [{ port: `'dns'` }, 'provider probe/tcp: its port is not probe'],
    [{ supports: `{}` }, 'its supports are not those of probe'],
    [{ config: `{ parse: () => ({}) }` }, 'its config is no schema of zod 4'],
    [{ locks: `[]` }, 'it has no locks'],
  ])('is refused with %o', async (change, words) => {
    expect(await refusal(packaged(change))).toContain(words)
  })

  it('is refused when its halves do not fit', async () => {
    const none = packaged({}, { 'index.js': `export const providers = []` })
    expect(await refusal(none)).toContain('exports no list `providers`')
    const other = packaged(
      {},
      { 'index.js': `export const providers = [{ spec: { id: 'dns/x' }, connect() {} }]` },
    )
    expect(await refusal(other)).toContain('a provider dns/x has no connect, or its spec is not in')
    expect(await refusal(packaged(), packaged())).toContain('there is another one of this id')
  })

  it('that is not there, or is none, is named with what to do', async () => {
    expect(await refusal('acme-is-nowhere')).toMatch(
      /^acme-is-nowhere\/specs was not found: .*; npm install acme-is-nowhere/,
    )
    expect(await refusal('yaml')).toContain(`Package subpath './specs' is not defined`)
    expect(await refusal(folder.path)).toContain('is no package')
    expect(() => packagesIn('a,, b c')).toThrow('"b c" is neither the name nor the path of a package')
    expect(packagesIn(' @acme/a , ./b ,@acme/a')).toEqual(['@acme/a', './b'])
  })
})
