// What the repository promises outside its code: the versions it needs, the commands and examples its pages name.
import { describe, expect, it } from 'vitest'
import { files, has, read } from './repository.ts'

interface Manifest {
  scripts: Record<string, string>
  dependencies: Record<string, string>
  devDependencies: Record<string, string>
}
interface Lock {
  packages: Record<string, { version?: string; resolved?: string }>
}

const manifest = JSON.parse(read('package.json')) as Manifest
const lock = JSON.parse(read('package-lock.json')) as Lock
const pages = files.filter((file) => file.endsWith('.md'))

describe('the packages', () => {
  it('of Temporal are all of one version, written exactly', () => {
    const asked = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })
      .filter(([name]) => name.startsWith('@temporalio/'))
      .map(([, version]) => version)
    const installed = Object.entries(lock.packages)
      .filter(([path]) => /(^|\/)node_modules\/@temporalio\/[^/]+$/.test(path))
      .map(([, { version }]) => version ?? '')
    expect(new Set([...asked, ...installed]).size, [...new Set([...asked, ...installed])].join(', ')).toBe(1)
    expect(asked[0]).toMatch(/^\d+\.\d+\.\d+$/)
  })

  it('include protobufjs 8 directly: without it recorded histories cannot be replayed', () => {
    expect(manifest.dependencies['protobufjs']).toMatch(/^\^?8\./)
    expect(lock.packages['node_modules/protobufjs']?.version).toMatch(/^8\./)
  })

  it('are locked without the address they came from, so that any registry will do', () => {
    const wrong = Object.entries(lock.packages).filter(([, { resolved }]) => resolved !== undefined)
    expect(wrong.map(([path]) => path)).toEqual([])
  })
})

describe('the pages', () => {
  it('name only commands of npm that exist', () => {
    const wrong = mentions(/\bnpm run ([a-z][\w:-]*)/g).filter(({ found }) => !(found in manifest.scripts))
    expect(wrong).toEqual([])
  })

  it('name only examples that exist', () => {
    const wrong = mentions(/\b(examples\/[\w-]+\.yaml)\b/g).filter(({ found }) => !has(found))
    expect(wrong).toEqual([])
  })

  it('link only to pages that exist', () => {
    const wrong = mentions(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g).filter(({ page, found }) => {
      const folder = page.includes('/') ? page.slice(0, page.lastIndexOf('/')) : '.'
      const target = new URL(found, `file:///${folder}/`).pathname.replace(/^\/(\.\/)?/, '')
      return !files.some((file) => file === target || file.startsWith(`${target.replace(/\/$/, '')}/`))
    })
    expect(wrong).toEqual([])
  })
})

describe('the npm scripts', () => {
  it('start programs that exist', () => {
    const programs = Object.entries(manifest.scripts).flatMap(([name, command]) =>
      [...command.matchAll(/[\w./-]+\.(?:ts|mjs)\b/g)].map(([file]) => ({ name, file })),
    )
    expect(programs.filter(({ file }) => !has(file))).toEqual([])
  })
})

function mentions(pattern: RegExp): { page: string; found: string }[] {
  return pages.flatMap((page) => [...read(page).matchAll(pattern)].map(([, found = '']) => ({ page, found })))
}
