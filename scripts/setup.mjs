#!/usr/bin/env node
// Brings what a fresh machine lacks: Node 24, the packages, the real servers. Idempotent; silent and quick when
// there is nothing to do. Changes only `.cutover/` and node_modules, plus Debian packages as root. Runs on Node 18.
import { createHash } from 'node:crypto'
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import {
  toolkitPackages,
  clusterNames,
  installCommand,
  meshGround,
  meshNames,
  serverNames,
  toxiproxyName,
} from './find-servers.mjs'
import { ensureNode, ensurePackages } from './setup/node.mjs'
import { lockFile, nodeModules, privateNode, privateRoot } from './setup/paths.mjs'
import { say, SetupError } from './setup/progress.mjs'
import { ensureCluster } from './setup/cluster.mjs'
import { ensureToxics } from './setup/toxics.mjs'
import { ensureMesh, missingDefinitions } from './setup/mesh.mjs'
import { ensureDebianServers, ensurePythonServers, ensureServers, missing } from './setup/servers.mjs'

const STAMP = join(privateRoot, 'setup.json')
const LOCK = join(privateRoot, 'setup.lock')
const LOCK_WAIT_MS = 600_000 // the longest set-up seen, five times over
const LOCK_LOOK_MS = 250 // quick enough not to be felt

/**
 * Makes sure that Node 24 and the packages are there; with `servers: true` the real servers too, with
 * `servers: 'temporal'` only Temporal's; with `cluster: true` a Temporal server and its database besides, with `mesh: true` a
 * Kubernetes API server, istiod and the controllers of the suites on them (`mesh: 'ground'`: without these), with `toxics: true` toxiproxy, with `toolkit: true` Chromium and shells. Returns the servers that could not be brought (they are not fatal:
 * what needs one says so). Throws a SetupError when Node or the packages cannot be had.
 */
export async function ensure({
  servers = false,
  cluster = false,
  mesh = false,
  toxics = false,
  toolkit = false,
} = {}) {
  const usual = servers === true ? serverNames : servers === 'temporal' ? ['temporal'] : []
  const meshed = mesh === true ? meshNames : mesh === 'ground' ? meshGround : []
  const wanted = [
    ...usual,
    ...(cluster ? clusterNames : []),
    ...meshed,
    ...(toxics ? [toxiproxyName] : []),
    ...(toolkit ? Object.keys(toolkitPackages) : []),
  ]
  const isWhole = !mesh || missingDefinitions().length === 0
  if (isStamped() && isWhole && missing(wanted).length === 0) return { missing: [], changed: false }
  mkdirSync(privateRoot, { recursive: true })
  return withLock(async () => {
    if (!isStamped()) {
      await ensureNode()
      await ensurePackages()
      writeFileSync(STAMP, JSON.stringify({ key: stampKey() }))
    }
    if (servers === true) await ensureServers()
    if (servers === 'temporal') await ensurePythonServers(['temporal'])
    if (cluster) await ensureCluster()
    if (mesh) await ensureMesh(meshed)
    if (toxics) await ensureToxics()
    if (toolkit) await ensureDebianServers(toolkitPackages)
    return { missing: missing(wanted), changed: true }
  })
}

/** Tools of the checks, fetched like the servers; one that cannot be had is told and left out. */
export async function ensureTools(names) {
  if (missing(names).length === 0) return
  mkdirSync(privateRoot, { recursive: true })
  await withLock(() => ensurePythonServers(names))
}

function isStamped() {
  if (!existsSync(STAMP) || !existsSync(privateNode) || !existsSync(nodeModules)) return false
  try {
    return JSON.parse(readFileSync(STAMP, 'utf8')).key === stampKey()
  } catch {
    return false // half-written: looked at again, properly
  }
}

function stampKey() {
  if (!existsSync(lockFile)) return undefined
  const installed = join(nodeModules, '.package-lock.json')
  return createHash('sha256')
    .update(readFileSync(lockFile))
    .update(existsSync(installed) ? String(statSync(installed).mtimeMs) : 'none') // somebody else's npm install
    .update(`${process.platform}-${process.arch}-${process.version}`)
    .digest('hex')
}

/** Two terminals may start at once; the second waits and then finds everything done. */
async function withLock(work) {
  const deadline = Date.now() + LOCK_WAIT_MS
  for (let isFirst = true; !takeLock(); isFirst = false) {
    const holder = lockHolder()
    if (holder === undefined || !isAlive(holder)) rmSync(LOCK, { force: true })
    else if (Date.now() > deadline) {
      const fix = `end process ${holder} if it hangs, or remove ${LOCK}`
      throw new SetupError({
        tried: 'waiting for another set-up of this checkout',
        answer: 'still running',
        fix,
      })
    } else {
      if (isFirst) say(`Set-up is already under way in process ${holder}; waiting for it`)
      await new Promise((resolve) => setTimeout(resolve, LOCK_LOOK_MS))
    }
  }
  process.once('exit', release)
  process.once('SIGINT', interrupt)
  process.once('SIGTERM', interrupt)
  try {
    return await work()
  } finally {
    release()
    process.removeListener('exit', release)
    process.removeListener('SIGINT', interrupt)
    process.removeListener('SIGTERM', interrupt)
  }
}

const release = () => rmSync(LOCK, { force: true })
const interrupt = () => process.exit(130) // so that the exit handlers clean up

/** A hard link appears whole, with the holder's id already inside. */
function takeLock() {
  const mine = `${LOCK}.${process.pid}`
  writeFileSync(mine, String(process.pid))
  try {
    linkSync(mine, LOCK)
    return true
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(mine, { force: true })
  }
}

function lockHolder() {
  try {
    return Number(readFileSync(LOCK, 'utf8'))
  } catch {
    return undefined // released in between
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    const result = await ensure({ servers: true })
    if (result.missing.length > 0) {
      say(
        `Set up, except: ${result.missing.join(', ')}. To get them run:\n  ${installCommand(result.missing)}`,
      )
      process.exitCode = 1
    } else say(result.changed ? 'Set up.' : 'Everything is set up already.')
  } catch (error) {
    say(error instanceof SetupError ? `Set-up failed.\n${error.message}` : String(error?.stack ?? error))
    process.exitCode = 1
  }
}
