// A Kubernetes API server with its controllers, istiod, the controllers of Argo Rollouts, Flux and Argo CD, for `npm run test:mesh` alone: each built once
// per user from its sources in lab/servers, and beside it the definitions of further resources out of their Go modules. Runs on Node 18.
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import {
  argoCdFolder,
  argoCdSources,
  fluxFolder,
  fluxSources,
  gitopsPackages,
  istiodFolder,
  istiodSources,
  kubeApiFolder,
  kubeApiSources,
  kubeDefinitions,
  rolloutsFolder,
  rolloutsSources,
} from '../find-servers.mjs'
import { ensureFlagger } from './flagger.mjs'
import { run, say, step, SetupError } from './progress.mjs'
import { ensureDebianServers, missing } from './servers.mjs'

const FIX = 'install Go 1.26 or newer, check that its module proxy answers (go env GOPROXY), then start again'
const STRIPPED = '-s -w' // two thirds of the size

const PROGRAMS = [
  {
    name: 'kube-api',
    minutes: 'ten',
    sources: kubeApiSources,
    folder: kubeApiFolder,
    module: 'k8s.io/kubernetes',
    versionVariable: 'k8s.io/component-base/version.gitVersion', // otherwise it says that it is v0.0.0-master
    async bringDefinitions(crds) {
      for (const [name, definition] of Object.entries(kubeDefinitions))
        await define(join(crds, `${name}.yaml`), definition)
    },
  },
  {
    name: 'istiod',
    minutes: 'eight',
    sources: istiodSources,
    folder: istiodFolder,
    module: 'istio.io/istio',
    versionVariable: 'istio.io/istio/pkg/version.buildVersion', // otherwise it says that it is unknown
    async bringDefinitions(crds) {
      const dir = await folderOf('istio.io/istio', istiodSources)
      copy(dir, ['manifests/charts/base/files/crd-all.gen.yaml'], join(crds, 'istio.yaml'))
    },
  },
  {
    name: 'rollouts-controller',
    minutes: 'six',
    sources: rolloutsSources,
    folder: rolloutsFolder,
    module: 'github.com/argoproj/argo-rollouts',
    main: 'github.com/argoproj/argo-rollouts/cmd/rollouts-controller',
    versionVariable: 'github.com/argoproj/argo-rollouts/utils/version.version',
    async bringDefinitions(crds) {
      const dir = await folderOf('github.com/argoproj/argo-rollouts', rolloutsSources)
      const files = ['experiment', 'analysis-run', 'analysis-template', 'cluster-analysis-template'].map(
        (name) => `manifests/crds/${name}-crd.yaml`,
      )
      copy(dir, files, join(crds, 'argo-analysis.yaml'))
    },
  },
  {
    name: 'flux',
    minutes: 'seven',
    sources: fluxSources,
    folder: fluxFolder,
    programs: {
      'helm-controller': 'github.com/fluxcd/helm-controller',
      'kustomize-controller': 'github.com/fluxcd/kustomize-controller',
      'source-controller': 'github.com/fluxcd/source-controller',
    },
    async bringDefinitions(crds) {
      for (const name of ['helm-controller', 'kustomize-controller', 'source-controller']) {
        const bases = 'config/crd/bases'
        const dir = await folderOf(`github.com/fluxcd/${name}`, fluxSources)
        const files = readdirSync(join(dir, bases)).map((file) => `${bases}/${file}`)
        copy(dir, files, join(crds, 'flux.yaml'))
      }
    },
  },
  {
    name: 'argo-cd',
    minutes: 'seven',
    sources: argoCdSources,
    folder: argoCdFolder,
    module: 'github.com/argoproj/argo-cd/v3',
    versionVariable: 'github.com/argoproj/argo-cd/v3/common.version',
    async bringDefinitions(crds) {
      const dir = await folderOf('github.com/argoproj/argo-cd/v3', argoCdSources)
      const files = ['application', 'appproject'].map((name) => `manifests/crds/${name}-crd.yaml`)
      copy(dir, files, join(crds, 'argo-cd-whole.yaml'))
    },
  },
]

/** Brings those of `names` that are missing; what cannot be brought is told, and missing afterwards. */
export async function ensureMesh(names) {
  for (const program of PROGRAMS) {
    const own = Object.keys(programsOf(program)).filter((name) => names.includes(name))
    if (missing(own).length === 0) continue
    const words = `${program.name}: building, once, for about ${program.minutes} minutes on two cores`
    try {
      await step(words, () => build(program))
    } catch (error) {
      say(error.message)
    }
  }
  await bringFurther()
  if (names.includes('flagger')) await ensureFlagger()
  if (names.includes('argo-cd')) await ensureDebianServers(gitopsPackages)
}

/** Each with its main package. */
function programsOf({ name, programs, main = '.' }) {
  return programs ?? { [name]: main }
}

/** Beside a server that is there. */
export function missingDefinitions() {
  const names = Object.keys(kubeDefinitions)
  return existsSync(dirname(pathOf(''))) ? names.filter((name) => !existsSync(pathOf(name))) : []
}

function pathOf(name) {
  return join(kubeApiFolder, 'crds', `${name}.yaml`)
}

/** Definitions that are newer than the server beside which they lie: it need not be built again for them. */
async function bringFurther() {
  for (const name of missingDefinitions()) {
    const path = pathOf(name)
    const aside = `${path}.${process.pid}`
    try {
      await step(`${name}: bringing its definitions`, () => define(aside, kubeDefinitions[name]))
      renameSync(aside, path)
    } catch (error) {
      rmSync(aside, { force: true })
      say(error.message)
    }
  }
}

/** Built aside and renamed, so that what is found is whole. */
async function build(program) {
  const { sources, folder, module, versionVariable, bringDefinitions } = program
  mkdirSync(dirname(folder), { recursive: true })
  const aside = mkdtempSync(`${folder}-`)
  try {
    const named = versionVariable ? ` -X ${versionVariable}=${versionBuilt(sources, module)}` : ''
    const flags = ['-mod=readonly', '-trimpath', `-ldflags=${STRIPPED}${named}`]
    for (const [name, main] of Object.entries(programsOf(program)))
      await run('go', ['build', ...flags, '-o', join(aside, name), main], { cwd: sources, fix: FIX })
    mkdirSync(join(aside, 'crds'))
    await bringDefinitions(join(aside, 'crds'))
    rmSync(folder, { recursive: true, force: true })
    renameSync(aside, folder)
  } finally {
    rmSync(aside, { recursive: true, force: true })
  }
}

/** Its content is the one that go.sum pins: it is the module that is built. */
async function folderOf(module, sources) {
  const asked = ['list', '-mod=readonly', '-m', '-f', '{{.Dir}}', module]
  return (await run('go', asked, { cwd: sources, fix: FIX })).trim()
}

function versionBuilt(sources, module) {
  const versions = readFileSync(join(sources, 'go.mod'), 'utf8')
  return versions.split('\n').flatMap((line) => {
    const words = line.trim().replace('require ', '').split(' ')
    return words[0] === module ? [words[1]] : []
  })[0]
}

async function define(path, { module, sum, files }) {
  const { Dir, Sum } = JSON.parse(await run('go', ['mod', 'download', '-json', module], { fix: FIX }))
  if (Sum !== sum) {
    const answer = `its content has the sum ${Sum}, not ${sum}`
    throw new SetupError({ tried: `go mod download ${module}`, answer, fix: 'do not use it' })
  }
  copy(Dir, files, path)
}

function copy(dir, files, path) {
  for (const file of files) appendFileSync(path, `---\n${readFileSync(join(dir, file), 'utf8')}\n`)
}
