#!/usr/bin/env node
// Runs one of this package's programs under Node 24, after making sure that it can: a `.ts` file of the repository
// or a command of a dependency (`vitest`). Adds nothing to its output; its exit code is ours. Runs on Node 18.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { join, resolve } from 'node:path'
import { installCommand } from './find-servers.mjs'
import { ensure } from './setup.mjs'
import { nodeModules, privateNode, privatePath, repositoryRoot } from './setup/paths.mjs'
import { say, SetupError } from './setup/progress.mjs'

const USAGE_EXIT = 2 // as everywhere in this package: wrong use
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP']
const LOOK_FOR_PARENT_EVERY_MS = 500 // soon enough for whoever ended npm and looks what is left

const args = process.argv.slice(2)
const withServers = takeFlag('--servers')
const onCluster = takeFlag('--cluster')
const withMesh = takeFlag('--mesh')
const withToxics = takeFlag('--toxics')
const withToolkit = takeFlag('--toolkit')
const [target, ...rest] = args
if (!target) {
  say(
    'usage: node scripts/run.mjs [--servers] [--cluster] [--mesh] [--toxics] [--toolkit] <file.ts | command> [arguments]',
  )
  process.exit(USAGE_EXIT)
}

try {
  // The simulated demo needs no server but Temporal's and must work where nothing can be installed.
  const servers = withServers ? (rest.includes('--sim') ? 'temporal' : true) : false
  const cluster = onCluster || rest.includes('--cluster')
  const mesh = withMesh || (rest.includes('--mesh') ? 'ground' : false) // the demo in a mesh has no controllers beside it
  const { missing } = await ensure({
    servers,
    cluster,
    mesh,
    toxics: withToxics,
    toolkit: withToolkit,
  })
  if (missing.length > 0)
    say(`Going on without ${missing.join(', ')}. To get them run:\n  ${installCommand(missing)}`)
  start(target, rest)
} catch (error) {
  say(error instanceof SetupError ? `Set-up failed.\n${error.message}` : String(error?.stack ?? error))
  process.exitCode = 1
}

function takeFlag(flag) {
  if (args[0] !== flag) return false
  args.shift()
  return true
}

function start(name, parameters) {
  const command = join(nodeModules, '.bin', name)
  const isFile = existsSync(resolve(repositoryRoot, name))
  if (!isFile && !existsSync(command)) {
    say(`${name} is neither a file of this repository nor a command in node_modules/.bin`)
    process.exit(USAGE_EXIT)
  }
  const env = { ...process.env, PATH: privatePath() }
  const child = isFile
    ? spawn(privateNode, [resolve(repositoryRoot, name), ...parameters], { stdio: 'inherit', env })
    : spawn(command, parameters, { stdio: 'inherit', env })
  // A terminal sends Ctrl-C to both of us; a `kill` reaches only us and is passed on. The child decides how to end.
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    })
  }
  endWithNpm(child)
  child.on('error', (error) => {
    say(`could not start ${name}: ${error.message}`)
    process.exit(1)
  })
  child.on('close', (code, signal) => {
    process.exit(code ?? 128 + (constants.signals[signal] ?? 1))
  })
}

/** npm passes a signal to the shell it starts us with, and the shell passes nothing on: we see our parent change. */
function endWithNpm(child) {
  if (process.env.npm_lifecycle_event === undefined) return // started by hand: it may outlive its shell
  const parent = process.ppid
  const looking = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(looking)
    child.kill('SIGTERM')
  }, LOOK_FOR_PARENT_EVERY_MS)
}
