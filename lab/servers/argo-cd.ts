// Argo CD as it is, on an API server of the lab: what compares and syncs, what reads repositories, and the cache between them (Redis).
// Each process may be frozen, killed and started again. Its controller serves metrics on every address: it has no flag for that.
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { requireServer } from '../../scripts/find-servers.mjs'
import { freePort, freePorts } from '../ports.ts'
import { type ServerHandle, startServer } from '../server-process.ts'
import type { KubeObject, Kubernetes } from './kubernetes.ts'

const READY_WITHIN_MS = 60_000 // three seconds on an idle machine
const LOOK_MS_MAX = 5_000 // a busy machine; a hang must still end
const OWN = 'app.kubernetes.io/part-of'

export const ARGO_CD = 'argocd'

export interface ArgoCd {
  /** Compares and syncs. */
  controller: ServerHandle
  end(): Promise<void>
}

/** Its own definitions are there already; its namespace and what it asks for are put there. */
export async function startArgoCd(kubernetes: Kubernetes): Promise<ArgoCd> {
  await installed(kubernetes)
  const started: ServerHandle[] = []
  const end = async () => {
    for (const server of started.toReversed()) await server.close()
  }
  try {
    const redis = await startRedis()
    started.push(redis.server)
    const repositories = await startReader(redis.address)
    started.push(repositories.server)
    const controller = await startController(kubernetes.kubeconfig(kubernetes.admin), {
      redis: redis.address,
      reader: repositories.address,
    })
    started.push(controller)
    return { controller, end }
  } catch (error) {
    await end()
    throw error
  }
}

async function installed(kubernetes: Kubernetes): Promise<void> {
  const labels = { [OWN]: ARGO_CD }
  const core = `/api/v1/namespaces/${ARGO_CD}`
  const objects: [string, KubeObject][] = [
    ['/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: ARGO_CD } }],
    [
      `${core}/configmaps`,
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'argocd-cm', labels }, data: {} },
    ],
    [
      `${core}/secrets`,
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'argocd-secret', labels },
        stringData: { 'server.secretkey': 'of-a-test' },
      },
    ],
    [
      `/apis/argoproj.io/v1alpha1/namespaces/${ARGO_CD}/appprojects`,
      {
        apiVersion: 'argoproj.io/v1alpha1',
        kind: 'AppProject',
        metadata: { name: 'default' },
        spec: {
          sourceRepos: ['*'],
          destinations: [{ namespace: '*', server: '*' }],
          clusterResourceWhitelist: [{ group: '*', kind: '*' }],
        },
      },
    ],
  ]
  for (const [path, object] of objects) await kubernetes.create(path, object)
}

type Addressed = { server: ServerHandle; address: string }

async function startRedis(): Promise<Addressed> {
  const command = requireServer('redis-server')
  const { chosen, server } = await startServer('redis', freePort, (port, folder) => ({
    command,
    args: [
      ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder],
      ['--save', '', '--appendonly', 'no'],
    ].flat(),
    isReady: () => answersPing(port),
  }))
  return { server, address: `127.0.0.1:${chosen}` }
}

async function answersPing(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.setTimeout(LOOK_MS_MAX, () => socket.destroy(new Error('no answer')))
  try {
    socket.write('PING\r\n')
    const [answer] = (await once(socket, 'data')) as [Buffer]
    return answer.toString().startsWith('+PONG')
  } finally {
    socket.destroy()
  }
}

async function startReader(redis: string): Promise<Addressed> {
  const command = requireServer('argo-cd')
  const { chosen, server } = await startServer(
    'argo-cd-reader',
    () => freePorts(2),
    ([port = 0, metrics = 0], folder) => ({
      command,
      args: [
        ['argocd-repo-server', '--disable-tls', '--loglevel=warn', `--redis=${redis}`],
        ['--address=127.0.0.1', `--port=${port}`],
        ['--metrics-address=127.0.0.1', `--metrics-port=${metrics}`],
      ].flat(),
      env: {
        TMPDIR: folder,
        HOME: folder,
        ARGOCD_GPG_ENABLED: 'false',
        ARGOCD_ASK_PASS_SOCK: join(folder, 'ask-pass.sock'),
      },
      withChildren: true, // git
      readyWithinMs: READY_WITHIN_MS,
      isReady: () => isWell(metrics),
    }),
  )
  return { server, address: `127.0.0.1:${chosen[0]}` }
}

async function startController(
  kubeconfig: string,
  { redis, reader }: { redis: string; reader: string },
): Promise<ServerHandle> {
  const command = requireServer('argo-cd')
  const { server } = await startServer('argo-cd-controller', freePort, (metrics, folder) => {
    const config = join(folder, 'kubeconfig')
    writeFileSync(config, kubeconfig, { mode: 0o600 })
    return {
      command,
      args: [
        ['argocd-application-controller', '--loglevel=info', `--namespace=${ARGO_CD}`],
        [`--kubeconfig=${config}`, `--redis=${redis}`, `--metrics-port=${metrics}`],
        [`--repo-server=${reader}`, '--repo-server-plaintext'],
        ['--self-heal-backoff-cap-seconds=2'], // five minutes, for an object that is changed again and again
      ].flat(),
      env: {
        KUBECONFIG: config,
        ARGOCD_FAKE_IN_CLUSTER: 'true', // https://kubernetes.default.svc is the server of the kubeconfig
        TMPDIR: folder,
        HOME: folder,
      },
      readyWithinMs: READY_WITHIN_MS,
      isReady: () => isWell(metrics),
    }
  })
  return server
}

async function isWell(port: number): Promise<boolean> {
  const signal = AbortSignal.timeout(LOOK_MS_MAX)
  return (await fetch(`http://127.0.0.1:${port}/healthz`, { signal })).ok
}
