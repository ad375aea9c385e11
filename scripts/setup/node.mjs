// Node 24 and this package's dependencies. Brings Node from npm where an older one is installed, because the
// sources run as TypeScript, which needs 24. Never touches the machine's own Node. Must run on Node 18.
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import {
  lockFile,
  nodeModules,
  privateNode,
  privateNodeBin,
  privatePath,
  privateRoot,
  repositoryRoot,
} from './paths.mjs'
import { run, SetupError, step } from './progress.mjs'

const NODE_MAJOR = 24 // the first long-term release that runs .ts files as they are

export async function ensureNode() {
  if (major(privateNode) === NODE_MAJOR) return
  const here = Number(process.versions.node.split('.')[0])
  if (here >= NODE_MAJOR) return linkNode(process.execPath)
  const name = `node-${process.platform}-${process.arch}`
  const prefix = join(privateRoot, 'node')
  await step(
    `Node ${NODE_MAJOR}: this is Node ${process.versions.node}; fetching it as an npm package`,
    async () => {
      mkdirSync(prefix, { recursive: true })
      writeFileSync(join(prefix, 'package.json'), '{ "private": true }\n')
      const args = [
        'install',
        '--prefix',
        prefix,
        '--no-audit',
        '--no-fund',
        '--loglevel=error',
        `${name}@${NODE_MAJOR}`,
      ]
      await run('npm', args, {
        cwd: prefix,
        fix: `install Node ${NODE_MAJOR} yourself (https://nodejs.org/en/download) and start again`,
      })
      linkNode(join(prefix, 'node_modules', name, 'bin', 'node'))
    },
  )
  if (major(privateNode) !== NODE_MAJOR) {
    throw new SetupError({
      tried: `${privateNode} --version`,
      answer: 'the fetched Node does not run on this system',
      fix: `install Node ${NODE_MAJOR} yourself (https://nodejs.org/en/download) and start again`,
    })
  }
}

function linkNode(target) {
  mkdirSync(privateNodeBin, { recursive: true })
  rmSync(privateNode, { force: true })
  symlinkSync(target, privateNode)
}

function major(executable) {
  if (!existsSync(executable)) return undefined
  try {
    return Number(execFileSync(executable, ['--version'], { encoding: 'utf8' }).slice(1).split('.')[0])
  } catch {
    return undefined // a binary for another system: fetched again
  }
}

export async function ensurePackages() {
  if (!existsSync(lockFile)) {
    throw new SetupError({
      tried: `reading ${lockFile}`,
      answer: 'no such file',
      fix: 'git checkout package-lock.json',
    })
  }
  if (isInstalled()) return
  await step('Packages: npm ci', () =>
    run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: repositoryRoot,
      env: { PATH: privatePath() }, // under Node 24, or npm silently refuses what the lock asks for
      fix: 'if the lock file is out of step: npm install; else check network and registry (npm config get registry)',
    }),
  )
}

/** True when node_modules is what the lock file says, whoever installed it. */
function isInstalled() {
  const hidden = join(nodeModules, '.package-lock.json')
  if (!existsSync(hidden)) return false
  const wanted = JSON.parse(readFileSync(lockFile, 'utf8')).packages
  const present = JSON.parse(readFileSync(hidden, 'utf8')).packages
  const wantedIsThere = Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true
    const found = present[path]
    return found === undefined ? entry.optional === true : found.version === entry.version
  })
  return wantedIsThere && Object.keys(present).every((path) => wanted[path] !== undefined)
}
