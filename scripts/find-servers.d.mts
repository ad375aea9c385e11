export type ServerName =
  | 'temporal'
  | 'temporal-test-server'
  | 'envoy'
  | 'traefik'
  | 'caddy'
  | 'haproxy'
  | 'nginx'
  | 'named'
  | 'pdns_server'
  | 'unbound'
  | 'prometheus'
  | 'sqlite3'
/** Only for the suite on a Temporal server with a database. */
export type ClusterName = 'postgres' | 'temporal-server' | 'temporal-sql-tool'
/** Only for the suite on a Kubernetes API server and a mesh. */
export type MeshName =
  | 'kube-api'
  | 'istiod'
  | 'flagger'
  | 'rollouts-controller'
  | 'helm-controller'
  | 'kustomize-controller'
  | 'source-controller'
  | 'argo-cd'
  | 'redis-server'
  | 'git'
/** Only for the suite on spoiled connections. */
export type ToxicName = 'toxiproxy-server'
/** What people look and type with: for tests alone. */
export type ToolkitName = 'chromium' | 'zsh' | 'fish' | 'lua5.4'
export const serverNames: ServerName[]
/** Where the Temporal server was built, its schema beside it. */
export const temporalFolder: string
/** Where the Kubernetes API server was built, the definitions of its further resources beside it (`crds/NAME.yaml`). */
export const kubeApiFolder: string
/** Where istiod was built, Istio's definitions beside it (`crds/istio.yaml`). */
export const istiodFolder: string
/** Where Flagger was built, its definitions beside it (`crds/flagger.yaml`). */
export const flaggerFolder: string
/** Where the controller of Argo Rollouts was built, the definitions it watches beside Rollouts with it (`crds/argo-analysis.yaml`). */
export const rolloutsFolder: string
/** Where the controllers of Flux were built, their definitions beside them (`crds/flux.yaml`). */
export const fluxFolder: string
/** Where Argo CD was built, the definitions of its own version beside it (`crds/argo-cd-whole.yaml`). */
export const argoCdFolder: string
/** Path of one server's executable, or undefined. */
export function findServer(
  name: ServerName | ClusterName | MeshName | ToxicName | ToolkitName,
): string | undefined
/** Path of a tool of the checks, or undefined. */
export function findTool(name: 'hadolint'): string | undefined
/** Path of every server's executable; undefined where it is missing. */
export function findServers(): Record<ServerName, string | undefined>
/** Path of one server's executable; throws an error that says how to get it. */
export function requireServer(name: ServerName | ClusterName | MeshName | ToxicName | ToolkitName): string
/** The exact command that brings the named servers. */
export function installCommand(names: ServerName[]): string
