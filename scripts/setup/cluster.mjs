// A Temporal server as a cluster runs it, and PostgreSQL for its state: for `npm run test:cluster` and `npm run bench --
// --cluster` alone. The server is built from its Go module once per user, beside its schema. Must run on Node 18.
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { clusterPackages, temporalFolder, temporalModule } from '../find-servers.mjs'
import { run, say, step } from './progress.mjs'
import { ensureDebianServers, missing } from './servers.mjs'

const SCHEMA = 'schema/postgresql/v12'

/** Brings what is missing; what cannot be brought is told, and missing afterwards. */
export async function ensureCluster() {
  await ensureDebianServers(clusterPackages)
  const { path, version, programs } = temporalModule
  if (missing(Object.keys(programs)).length === 0 && existsSync(join(temporalFolder, SCHEMA))) return
  try {
    await step(`temporal-server ${version}: building, once, for about nine minutes on two cores`, () =>
      build(`${path}@${version}`, programs),
    )
  } catch (error) {
    say(error.message)
  }
}

/** Built aside and renamed, so that what is found is whole. */
async function build(module, programs) {
  const fix =
    'install Go 1.26 or newer, check that its module proxy answers (go env GOPROXY), then start again'
  mkdirSync(dirname(temporalFolder), { recursive: true })
  const aside = mkdtempSync(`${temporalFolder}-`)
  try {
    const sources = join(aside, 'sources')
    const { Dir } = JSON.parse(await run('go', ['mod', 'download', '-json', module], { fix }))
    cpSync(Dir, sources, { recursive: true })
    makeWritable(sources) // Go keeps its modules read-only, and builds only where it may write
    for (const [name, folder] of Object.entries(programs))
      await run('go', ['build', '-buildvcs=false', '-o', join(aside, name), folder], { cwd: sources, fix })
    cpSync(join(sources, SCHEMA), join(aside, SCHEMA), { recursive: true })
    rmSync(sources, { recursive: true })
    rmSync(temporalFolder, { recursive: true, force: true }) // of a build without its schema
    renameSync(aside, temporalFolder)
  } finally {
    rmSync(aside, { recursive: true, force: true })
  }
}

function makeWritable(folder) {
  chmodSync(folder, 0o755)
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) makeWritable(join(folder, entry.name))
    else chmodSync(join(folder, entry.name), 0o644)
}
