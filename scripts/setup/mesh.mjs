// A Kubernetes API server with its controllers, for `npm run test:mesh` alone: built once per user from the sources in
// lab/servers/kube-api, and beside it the definitions of further resources out of their Go modules. Must run on Node 18.
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { kubeApiFolder, kubeApiSources, kubeDefinitions, meshNames } from '../find-servers.mjs'
import { run, say, step, SetupError } from './progress.mjs'
import { missing } from './servers.mjs'

const FIX = 'install Go 1.26 or newer, check that its module proxy answers (go env GOPROXY), then start again'
const STRIPPED = '-s -w' // two thirds of the size

const VERSION_VARIABLE = 'k8s.io/component-base/version.gitVersion' // otherwise it says that it is v0.0.0-master

/** Brings what is missing; what cannot be brought is told, and missing afterwards. */
export async function ensureMesh() {
  if (missing(meshNames).length === 0) return
  try {
    await step('kube-api: building, once, for about ten minutes on two cores', build)
  } catch (error) {
    say(error.message)
  }
}

/** Built aside and renamed, so that what is found is whole. */
async function build() {
  mkdirSync(dirname(kubeApiFolder), { recursive: true })
  const aside = mkdtempSync(`${kubeApiFolder}-`)
  try {
    mkdirSync(join(aside, 'crds'))
    for (const [name, definition] of Object.entries(kubeDefinitions))
      await define(join(aside, 'crds', `${name}.yaml`), definition)
    const flags = [
      '-mod=readonly',
      '-trimpath',
      `-ldflags=${STRIPPED} -X ${VERSION_VARIABLE}=${versionBuilt()}`,
    ]
    await run('go', ['build', ...flags, '-o', join(aside, 'kube-api'), '.'], {
      cwd: kubeApiSources,
      fix: FIX,
    })
    rmSync(kubeApiFolder, { recursive: true, force: true })
    renameSync(aside, kubeApiFolder)
  } finally {
    rmSync(aside, { recursive: true, force: true })
  }
}

function versionBuilt() {
  const [, version] = /^\s*k8s\.io\/kubernetes (v\S+)$/m.exec(
    readFileSync(join(kubeApiSources, 'go.mod'), 'utf8'),
  )
  return version
}

async function define(path, { module, sum, files }) {
  const { Dir, Sum } = JSON.parse(await run('go', ['mod', 'download', '-json', module], { fix: FIX }))
  if (Sum !== sum) {
    const answer = `its content has the sum ${Sum}, not ${sum}`
    throw new SetupError({ tried: `go mod download ${module}`, answer, fix: 'do not use it' })
  }
  for (const file of files) appendFileSync(path, `---\n${readFileSync(join(Dir, file), 'utf8')}\n`)
}
