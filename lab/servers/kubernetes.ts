// A Kubernetes API server on loopback, without a cluster behind it: TLS, tokens, RBAC, Deployments, HPAs and the resources
// whose definitions set-up brought. Its controllers are a process of their own, which a test may freeze or leave out.
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Agent, fetch as fetchBy } from 'undici'
import { parseDocument } from 'yaml'
import {
  argoCdFolder,
  flaggerFolder,
  fluxFolder,
  istiodFolder,
  kubeApiFolder,
  requireServer,
  rolloutsFolder,
} from '../../scripts/find-servers.mjs'
import { freePort } from '../ports.ts'
import { type ServerHandle, startServer } from '../server-process.ts'
import { until } from '../until.ts'

const READY_WITHIN_MS = 120_000 // three seconds on an idle machine; it writes a hundred roles before it is ready
const REQUEST_MS_MAX = 30_000 // a busy machine; a hang must still end

export type Definitions =
  | 'gateway-api'
  | 'grpc-routes'
  | 'argo-rollouts'
  | 'argo-analysis'
  | 'keda'
  | 'argo-cd'
  | 'flux'
  | 'argo-cd-whole'
  | 'istio'
  | 'flagger'
  | 'traefik'

/** A user of the server by their token. `admin` may everything, `nobody` nothing. */
export type KubeUser = { name: string; token: string; groups?: string[] }

export type KubeObject = {
  apiVersion: string
  kind: string
  metadata: { name: string; namespace?: string; [field: string]: unknown }
  [field: string]: unknown
}

export type Table = {
  columnDefinitions: { name: string; priority: number }[]
  rows: { cells: unknown[] }[]
}

export type Kubernetes = {
  server: ServerHandle
  url: string
  /** File of the authority that signed its certificate. */
  ca: string
  admin: string
  nobody: string
  /** Text of a kubeconfig for a token. */
  kubeconfig(token: string): string
  /** As an administrator; each throws what came back unless it is a success. */
  get(path: string): Promise<KubeObject>
  create(path: string, object: object): Promise<KubeObject>
  /** A list is a JSON Patch, an object a merge patch, a text YAML to be applied. */
  patch(path: string, patch: object | object[] | string): Promise<KubeObject>
  remove(path: string): Promise<void>
  /** A collection as kubectl prints it. */
  table(path: string): Promise<Table>
  /** Starts controllers of Kubernetes by their names (`deployment-controller`). */
  startControllers(names: string[]): Promise<ServerHandle>
}

/** `clients`: file of the authority whose certificates prove a user by their common name. */
export async function startKubernetes(
  options: { definitions?: Definitions[]; users?: KubeUser[]; clients?: string } = {},
): Promise<Kubernetes> {
  const command = requireServer('kube-api')
  const [admin, nobody] = ['admin-token-of-a-test', 'nobody-token-of-a-test']
  const users: KubeUser[] = [
    { name: 'admin', token: admin, groups: ['system:masters'] },
    { name: 'nobody', token: nobody },
    ...(options.users ?? []),
  ]
  let folder = ''
  const { chosen: port, server } = await startServer('kube-api', freePort, (wanted, path) => {
    folder = path
    const lines = users.map(
      ({ name, token, groups = [] }) => `${token},${name},${name},"${groups.join(',')}"`,
    )
    if (options.clients !== undefined) copyFileSync(options.clients, join(path, 'clients.pem'))
    writeFileSync(join(path, 'tokens.csv'), lines.join('\n'), { mode: 0o600 })
    return {
      command,
      args: ['serve', path, String(wanted)],
      readyWithinMs: READY_WITHIN_MS,
      isReady: async () =>
        (await ask({ ca: join(path, 'apiserver.crt'), port: wanted, token: admin }, 'GET /readyz')).ok,
    }
  })
  const ca = join(folder, 'apiserver.crt')
  const url = `https://127.0.0.1:${port}`
  const send = async (call: string, content?: Content): Promise<KubeObject> => {
    const answer = await ask({ ca, port, token: admin }, call, content)
    if (!answer.ok) throw new Error(`${call}: ${answer.status} ${answer.text}`)
    return JSON.parse(answer.text) as KubeObject
  }
  const kubeconfig = (token: string): string => kubeconfigText({ url, ca, token })
  const kubernetes: Kubernetes = {
    server,
    url,
    ca,
    admin,
    nobody,
    kubeconfig,
    get: (path) => send(`GET ${path}`),
    create: (path, object) =>
      send(`POST ${path}`, { text: JSON.stringify(object), type: 'application/json' }),
    patch: (path, patch) => send(`PATCH ${path}`, contentOf(patch)),
    table: async (path) =>
      (await send(`GET ${path}`, { accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' })) as never,
    remove: async (path) => void (await send(`DELETE ${path}`)),
    startControllers: (names) => startControllers({ command, names, kubeconfig: kubeconfig(admin) }),
  }
  try {
    for (const name of options.definitions ?? []) await define(kubernetes, name)
  } catch (error) {
    await server.close()
    throw error
  }
  return kubernetes
}

async function startControllers(of: {
  command: string
  names: string[]
  kubeconfig: string
}): Promise<ServerHandle> {
  const { server } = await startServer(
    'kube-controllers',
    async () => null,
    (_, folder) => {
      const config = join(folder, 'kubeconfig')
      writeFileSync(config, of.kubeconfig, { mode: 0o600 })
      return { command: of.command, args: ['controllers', config, ...of.names], isReady: () => true }
    },
  )
  return server
}

/** As YAML, as it is published: read and written anew as JSON, some of its rules would be lost. */
async function define(kubernetes: Kubernetes, definitions: Definitions): Promise<void> {
  const beside: Partial<Record<Definitions, string>> = {
    istio: istiodFolder,
    flagger: flaggerFolder,
    'argo-analysis': rolloutsFolder,
    flux: fluxFolder,
    'argo-cd-whole': argoCdFolder,
  }
  const folder = beside[definitions] ?? kubeApiFolder
  const text = readFileSync(join(folder, 'crds', `${definitions}.yaml`), 'utf8')
  const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
  const names = await Promise.all(
    text.split(/^---.*$/m).flatMap((document) => {
      // What stands before the schemas is enough: some of those are written as the API server reads them and YAML does not.
      const content = parseDocument(document).toJS() as KubeObject | null
      if (content === null) return []
      const { name } = content.metadata
      const put = kubernetes.patch(`${path}/${name}?fieldManager=lab`, document)
      return [put.then(() => name)]
    }),
  )
  for (const name of names) {
    await until(`${name} is established`, async () => {
      const { status } = (await kubernetes.get(`${path}/${name}`)) as unknown as {
        status?: { conditions?: { type: string; status: string }[] }
      }
      return (status?.conditions ?? []).some(
        ({ type, status: is }) => type === 'Established' && is === 'True',
      )
    })
  }
}

async function ask(
  { ca, port, token }: { ca: string; port: number; token: string },
  call: string,
  content?: Content,
): Promise<{ ok: boolean; status: number; text: string }> {
  const [method = '', path = ''] = call.split(' ')
  const dispatcher = new Agent({ connect: { ca: readFileSync(ca, 'utf8') } })
  try {
    const answer = await fetchBy(`https://127.0.0.1:${port}${path}`, {
      method,
      dispatcher,
      signal: AbortSignal.timeout(REQUEST_MS_MAX),
      headers: {
        authorization: `Bearer ${token}`,
        ...(content?.type && { 'content-type': content.type }),
        ...(content?.accept && { accept: content.accept }),
      },
      ...(content?.text && { body: content.text }),
    })
    return { ok: answer.ok, status: answer.status, text: await answer.text() }
  } finally {
    await dispatcher.close()
  }
}

type Content = { text?: string; type?: string; accept?: string }

function contentOf(patch: object | string): Content {
  if (typeof patch === 'string') return { text: patch, type: 'application/apply-patch+yaml' }
  const form = Array.isArray(patch) ? 'json-patch' : 'merge-patch'
  return { text: JSON.stringify(patch), type: `application/${form}+json` }
}

/** JSON is YAML. */
function kubeconfigText({ url, ca, token }: { url: string; ca: string; token: string }): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'lab',
    clusters: [{ name: 'lab', cluster: { server: url, 'certificate-authority': ca } }],
    users: [{ name: 'tester', user: { token } }],
    contexts: [{ name: 'lab', context: { cluster: 'lab', user: 'tester', namespace: 'default' } }],
  })
}
