// Toxiproxy, a proxy that spoils connections on purpose: for `npm run test:proxies` alone. Built from its Go module once per user.
// Must run on Node 18.
import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { toxiproxyFolder, toxiproxyModule, toxiproxyName } from '../find-servers.mjs'
import { run, say, step } from './progress.mjs'
import { missing } from './servers.mjs'

/** Brings it where it is missing; what cannot be brought is told, and missing afterwards. */
export async function ensureToxics() {
  if (missing([toxiproxyName]).length === 0) return
  try {
    await step(`${toxiproxyName} ${toxiproxyModule.version}: building, once, for about a minute`, build)
  } catch (error) {
    say(error.message)
  }
}

/** Built aside and renamed, so that what is found is whole. */
async function build() {
  const { path, version } = toxiproxyModule
  const fix =
    'install Go 1.23 or newer, check that its module proxy answers (go env GOPROXY), then start again'
  mkdirSync(dirname(toxiproxyFolder), { recursive: true })
  const aside = mkdtempSync(`${toxiproxyFolder}-`)
  try {
    await run('go', ['install', '-buildvcs=false', `${path}@${version}`], { env: { GOBIN: aside }, fix })
    renameSync(join(aside, path.slice(path.lastIndexOf('/') + 1)), join(aside, toxiproxyName))
    rmSync(toxiproxyFolder, { recursive: true, force: true })
    renameSync(aside, toxiproxyFolder)
  } finally {
    rmSync(aside, { recursive: true, force: true })
  }
}
