// A folder is a registry entry: whatever has a folder is registered, documented and tested, and the other way round.
import { describe, expect, it } from 'vitest'
import { findProvider } from '../../activities/find-provider.ts'
import { specs } from '../../activities/specs.ts'
import { ports } from '../../workflows/ports/index.ts'
import { kinds } from '../../workflows/steps/kinds.ts'
import { stepSchemas } from '../../workflows/steps/schemas.ts'
import { undos } from '../../workflows/steps/undos.ts'
import { histories, kindsIn } from '../replay/history.ts'
import { files, foldersIn, has, read } from './repository.ts'

const portNames = Object.keys(ports)
const providers = portNames.flatMap((port) =>
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
    const tests = files.filter((file) => file.endsWith('.test.ts'))
    const folders = [`test/contract/${port}/`, 'test/contract/sim/', `test/kubernetes/${port}/`]
    const shared = (file: string): boolean => folders.some((folder) => file.startsWith(folder))
    const mentions = tests.filter((file) => shared(file) && read(file).includes(`activities/${id}/`))
    expect(
      mentions,
      `a test in test/contract/ or test/kubernetes/ that imports activities/${id}/`,
    ).not.toEqual([])
  })
})

describe('the registry of providers', () => {
  it('names no provider without a folder, and each once', () => {
    expect(registered.toSorted()).toEqual(providers.map(({ id }) => id).toSorted())
  })

  it('has a simulated twin for every port', () => {
    expect(portNames.filter((port) => !registered.includes(`${port}/sim`))).toEqual([])
  })
})

describe('the step kinds', () => {
  const folders = foldersIn('workflows/steps')
  const recorded = histories().map(({ name, history }) => ({ name, ...kindsIn(history) }))

  it('are the folders of workflows/steps', () => {
    expect(Object.keys(kinds)).toEqual(folders)
    expect(Object.keys(stepSchemas)).toEqual(folders)
  })

  it('have a way back of their own where they have an undo.ts', () => {
    expect(Object.keys(undos)).toEqual(folders.filter((kind) => has(`workflows/steps/${kind}/undo.ts`)))
  })

  it.each(folders)('%s stands in an example', (kind) => {
    const examples = files.filter((file) => file.startsWith('examples/'))
    expect(examples.filter((file) => new RegExp(`^ +- ${kind}:`, 'm').test(read(file)))).not.toEqual([])
  })

  it.each(folders)(
    '%s is carried out in a recorded run: else no replay would tell that it has changed',
    (kind) => {
      expect(recorded.filter(({ there }) => there.includes(kind))).not.toEqual([])
    },
  )

  it.each(Object.keys(undos))('%s goes its own way back in a recorded run', (kind) => {
    expect(recorded.filter(({ back }) => back.includes(kind))).not.toEqual([])
  })

  it.each(folders)('%s has what it says, what it takes and what it does', (kind) => {
    const parts = ['kind.ts', 'schema.ts', 'run.ts'].filter((part) => has(`workflows/steps/${kind}/${part}`))
    expect(parts).toEqual(['kind.ts', 'schema.ts', 'run.ts'])
  })
})
