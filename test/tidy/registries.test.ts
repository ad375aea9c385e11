// A folder is a registry entry: whatever has a folder is registered, documented and tested, and the other way round.
import { describe, expect, it } from 'vitest'
import { findProvider } from '../../activities/providers.ts'
import { specs } from '../../activities/specs.ts'
import { stepSchemas } from '../../workflows/steps/schemas.ts'
import { files, foldersIn, has, read } from './repository.ts'

const PORTS = files.flatMap((file) => /^workflows\/ports\/(\w+)\.ts$/.exec(file)?.[1] ?? [])
const ports = PORTS.filter((port) => port !== 'index' && port !== 'target')
const providers = ports.flatMap((port) =>
  foldersIn(`activities/${port}`).map((name) => ({ id: `${port}/${name}`, port, name })),
)
const registered: string[] = specs.map(({ id }) => id)

describe.each(providers)('the provider $id', ({ id, port, name }) => {
  it('is registered for runbooks and for the worker, under the name of its folder', () => {
    expect(registered).toContain(id)
    expect(findProvider(id)?.spec.id).toBe(id)
  })

  it('has a schema and a port', () => {
    expect([has(`activities/${id}/schema.ts`), has(`activities/${id}/index.ts`)]).toEqual([true, true])
  })

  it('has a page in docs/providers', () => {
    expect(files).toContain(name === 'sim' ? 'docs/providers/sim.md' : `docs/providers/${port}-${name}.md`)
  })

  it('keeps the contract of its port', () => {
    const tests = files.filter((file) => file.startsWith('test/contract/') && file.endsWith('.test.ts'))
    const shared = (file: string): boolean =>
      file.startsWith(`test/contract/${port}/`) || file.startsWith('test/contract/sim/')
    const mentions = tests.filter((file) => shared(file) && read(file).includes(`activities/${id}/`))
    expect(mentions, `a test in test/contract/ that imports activities/${id}/`).not.toEqual([])
  })
})

describe('the registry of providers', () => {
  it('names no provider without a folder, and each once', () => {
    expect(registered.toSorted()).toEqual(providers.map(({ id }) => id).toSorted())
  })

  it('has a simulated twin for every port', () => {
    expect(ports.filter((port) => !registered.includes(`${port}/sim`))).toEqual([])
  })
})

describe('the step kinds', () => {
  const folders = foldersIn('workflows/steps')

  it('are the folders of workflows/steps, in all three lists', () => {
    expect(Object.keys(stepSchemas).toSorted()).toEqual(folders)
    for (const list of ['outlines.ts', 'runs.ts']) {
      const text = read(`workflows/steps/${list}`)
      const half = list === 'runs.ts' ? 'run' : 'outline'
      expect(
        folders.filter((kind) => !text.includes(`'./${kind}/${half}.ts'`)),
        list,
      ).toEqual([])
    }
  })

  it.each(folders)('%s has its three halves', (kind) => {
    const halves = ['schema.ts', 'outline.ts', 'run.ts'].filter((half) =>
      has(`workflows/steps/${kind}/${half}`),
    )
    expect(halves).toEqual(['schema.ts', 'outline.ts', 'run.ts'])
  })
})
