// One direction: client -> view -> workflows <- activities <- worker, worker -> view. A provider added or changed touches
// nothing that a run under way depends on; the CLI starts quickly and checks a runbook without any backend.
import { describe, expect, it } from 'vitest'
import type { Import } from './repository.ts'
import { importsOf, sources } from './repository.ts'

const OF_TEMPORAL = ['@temporalio/workflow', '@temporalio/common']
/** Edges of the engine: what a runbook may say, as zod. The workflow code may know their types only. */
const SCHEMAS = /^workflows\/(.*\/)?(schemas?|fields|records|scalars)\.ts$/
/** Finds the packages of CUTOVER_PROVIDERS on the disk; of them it loads the data, no client. */
const LOADER = 'activities/installed.ts'
/** Parts of activities that talk to backends, or hold those that do. */
const ONLINE = /^activities\/(.*\/)?(client|index|engine|connect|providers|http|secrets)\.ts$/
const PACKAGES_OF_VIEW = /^(@temporalio\/(client|common)(\/.*)?|node:(crypto|timers\/promises))$/ // no terminal, no file, no process
const PURE = ['zod', 'node:net', 'node:path', 'dns-packet'] // checks of addresses, paths and names; nothing is opened

describe('imports go in one direction', () => {
  it('workflows import themselves and Temporal, never node, never an edge', () => {
    const wrong = offences('workflows/', ({ target, isOwn, isTypeOnly }, file) => {
      if (isOwn)
        return target.startsWith('workflows/') && (isTypeOnly || SCHEMAS.test(file) || !SCHEMAS.test(target))
      return OF_TEMPORAL.includes(target) || (target === 'zod' && (isTypeOnly || SCHEMAS.test(file)))
    })
    expect(wrong).toEqual([])
  })

  it('activities import themselves and the ports and pure parts of workflows', () => {
    const wrong = offences(
      'activities/',
      ({ target, isOwn }) => !isOwn || /^(activities|workflows)\//.test(target),
    )
    expect(wrong).toEqual([])
  })

  it('activities take nothing from the workflow runtime: outside of it that fails', () => {
    expect(offences('activities/', ({ target }) => target !== '@temporalio/workflow')).toEqual([])
  })

  it('the view of a run imports workflows and the client of Temporal: CLI, worker and pages alike may read it', () => {
    const wrong = offences('view/', ({ target, isOwn }) =>
      isOwn ? /^(view|workflows)\//.test(target) : PACKAGES_OF_VIEW.test(target),
    )
    expect(wrong).toEqual([])
  })

  it('the worker imports activities, workflows and the view, never the client', () => {
    const wrong = offences(
      'worker/',
      ({ target, isOwn }) => !isOwn || /^(worker|activities|view|workflows)\//.test(target),
    )
    expect(wrong).toEqual([])
  })

  it('the client imports view, workflows and the offline half of activities; whole programs only when asked for', () => {
    const wrong = offences('client/', ({ target, isOwn, isTypeOnly, isLazy }) => {
      if (!isOwn || /^(client|view|workflows)\//.test(target)) return true
      const isDiscovery = /^activities\/[^/]+\/[^/]+\/discover\.ts$/.test(target) // `init` looks once, when it is asked to
      if (target.startsWith('activities/')) return isTypeOnly || !isLazy || isDiscovery // judged below, with all that it brings
      return (isLazy && target === 'worker/main.ts') || target === 'worker/config.ts' // its variables are data
    })
    expect(wrong).toEqual([])
  })

  it('what the client knows of providers brings no client of a backend with it, however indirectly', () => {
    const wrong = [...reachedFromClient()].flatMap((file) => [
      ...(ONLINE.test(file) ? [file] : []),
      ...eager(file).flatMap(({ target, isOwn }) =>
        isOwn || PURE.includes(target) || (file === LOADER && target.startsWith('node:'))
          ? []
          : [`${file} -> ${target}`],
      ),
    ])
    expect(wrong).toEqual([])
  })

  it('nothing that is shipped imports tests, benchmarks, the lab or scripts of the checkout', () => {
    const shipped = /^(workflows|activities|view|worker|client)\//
    const wrong = sources
      .filter((file) => shipped.test(file))
      .flatMap((file) => importsOf(file).map(({ target }) => ({ file, target })))
      .filter(({ target }) => /^(test|bench|lab|scripts)\//.test(target))
    expect(wrong).toEqual([])
  })

  it('the lab imports no tests and no benchmarks', () => {
    expect(offences('lab/', ({ target }) => !/^(test|bench)\//.test(target))).toEqual([])
  })
})

describe('a provider', () => {
  it('keeps the API of its backend to itself: its client is imported by its own folder only', () => {
    const wrong = sources
      .filter((file) => !/^(test|bench)\//.test(file))
      .flatMap((file) =>
        importsOf(file)
          .filter(({ target }) => {
            const folder = /^activities\/[^/]+\/[^/]+\/(?=client\.ts$)/.exec(target)?.[0]
            return folder !== undefined && !file.startsWith(folder)
          })
          .map(({ target }) => `${file} -> ${target}`),
      )
    expect(wrong).toEqual([])
  })
})

describe('files', () => {
  it('import each other in no circle, not even by types: each can be understood after those that it names', () => {
    expect(circles()).toEqual([])
  })
})

const eager = (file: string): Import[] =>
  importsOf(file).filter(({ isTypeOnly, isLazy }) => !isTypeOnly && !isLazy)

/** Files that lead back to themselves, as the way there. Lazy imports are no part of it: a program that is started is another one. */
function circles(): string[] {
  const found: string[] = []
  const done = new Set<string>()
  const follow = (file: string, way: string[]): void => {
    if (way.includes(file)) found.push([...way.slice(way.indexOf(file)), file].join(' -> '))
    if (done.has(file) || way.includes(file)) return
    for (const { target, isOwn, isLazy } of importsOf(file)) {
      if (isOwn && !isLazy && sources.includes(target)) follow(target, [...way, file])
    }
    done.add(file)
  }
  for (const file of sources) follow(file, [])
  return found
}

/** Files of activities that are loaded when the client loads its own. */
function reachedFromClient(): Set<string> {
  const reached = new Set<string>()
  const follow = (file: string): void => {
    for (const { target } of eager(file)) {
      if (!target.startsWith('activities/') || reached.has(target)) continue
      reached.add(target)
      follow(target)
    }
  }
  for (const file of sources) if (file.startsWith('client/')) follow(file)
  return reached
}

/** `file -> target` of every import below a folder that is not allowed. */
function offences(folder: string, isAllowed: (of: Import, file: string) => boolean): string[] {
  return sources
    .filter((file) => file.startsWith(folder))
    .flatMap((file) =>
      importsOf(file)
        .filter((each) => !isAllowed(each, file))
        .map(({ target }) => `${file} -> ${target}`),
    )
}
