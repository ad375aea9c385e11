// Before the tests of the package: built, packed, and installed into an empty folder outside of the checkout, with plain npm.
// Once for all of them; each gets the folder and what npm said. A private Node of each supported version stays in .cutover.
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'

const ROOT = join(import.meta.dirname, '../..')
const NODES = [22, 24]
const MANIFEST = { name: 'somewhere-else', private: true, type: 'module' }

declare module 'vitest' {
  interface ProvidedContext {
    installed: Installed
  }
}

export interface Installed {
  /** Where cutover and the example's provider are installed. */
  folder: string
  /** The tarball. */
  tarball: string
  /** What npm said while it installed the tarball alone. */
  said: string
  /** Each supported version of Node, by its executable. */
  nodes: { major: number; node: string }[]
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'cutover-installed-'))
  const remove = () => rm(folder, { recursive: true, force: true, maxRetries: 3 })
  try {
    const nodes = NODES.map((major) => ({ major, node: nodeOf(major) }))
    const tarball = packed(ROOT, folder)
    const provider = packed(join(ROOT, 'examples/provider'), folder)
    writeFileSync(join(folder, 'package.json'), JSON.stringify(MANIFEST))
    const said = npm(folder, ['install', tarball])
    npm(folder, ['install', provider, `vitest@${versionOf('vitest')}`])
    // Its tests are not run inside node_modules, so they are held in a copy of the package.
    cpSync(join(folder, 'node_modules/cutover-provider-flags'), join(folder, 'held'), { recursive: true })
    project.provide('installed', { folder, tarball, said, nodes })
    return remove
  } catch (error) {
    await remove()
    throw error
  }
}

/** Under the oldest Node: what it takes, a newer one takes. */
function npm(cwd: string, args: string[]): string {
  const PATH = `${join(nodeOf(NODES[0] ?? 0), '..')}:${process.env['PATH'] ?? ''}`
  const command = ['npm', ...args, '--no-audit', '--no-fund']
  return execFileSync('sh', ['-c', `${command.map((word) => `'${word}'`).join(' ')} 2>&1`], {
    cwd,
    env: { ...outside(), PATH },
    encoding: 'utf8',
  })
}

function packed(folder: string, into: string): string {
  const said = execFileSync('npm', ['pack', '--json', '--pack-destination', into], {
    cwd: folder,
    encoding: 'utf8',
    env: outside(),
  })
  const [, name = ''] = /"filename":\s*"([^"]+)"/.exec(said) ?? []
  return join(into, name)
}

function nodeOf(major: number): string {
  const prefix = join(ROOT, '.cutover', `node-${major}`)
  const name = `node-${process.platform}-${process.arch}`
  const node = join(prefix, 'node_modules', name, 'bin', 'node')
  if (existsSync(node)) return node
  mkdirSync(prefix, { recursive: true })
  writeFileSync(join(prefix, 'package.json'), '{ "private": true }\n')
  execFileSync('npm', ['install', '--prefix', prefix, '--no-audit', '--no-fund', `${name}@${major}`], {
    cwd: prefix,
    env: outside(),
  })
  return node
}

/** As in a shell of its own: what npm told this process by its environment is about the checkout. */
function outside(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) =>
        !/^npm_(config_(local_prefix|loglevel)|package|lifecycle)|^VITEST|^NODE_ENV$|^INIT_CWD$/.test(name),
    ),
  )
}

function versionOf(name: string): string {
  const said = execFileSync(process.execPath, ['-p', `require('${name}/package.json').version`], {
    cwd: ROOT,
  })
  return said.toString().trim()
}
