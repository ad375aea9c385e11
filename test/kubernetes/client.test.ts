// The Kubernetes client on a real API server: every way in that a kubeconfig or a pod knows, and what each refusal of the API
// comes to. Statuses alone do not tell: 403, 409, 422 and 500 each mean several things.
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kindOf } from '../../activities/failure.ts'
import { refusal } from '../../activities/kubernetes/answers.ts'
import { type Kube, type PatchOperation, kubeOf } from '../../activities/kubernetes/client.ts'
import { type KubernetesAccess } from '../../activities/kubernetes/config.ts'
import { connectSecrets } from '../../activities/secrets.ts'
import { type Folder, createFolder } from '../../lab/folder.ts'
import { type Authority, createAuthority } from '../certificates.ts'
import { io } from '../contract/changing.ts'
import { testDeps } from '../contract/deps.ts'
import { freeze } from '../contract/frozen.ts'
import { ACCESS, type Ground, NAMESPACE, WORKER, startGround } from './ground.ts'
import { ORDERS, pathOf, putRoute } from './traffic/gateway-bench.ts'

let ground: Ground
let folder: Folder
let kube: Kube
let authority: Authority
const path = pathOf('orders')

beforeAll(async () => {
  folder = createFolder('kubernetes-client')
  authority = await createAuthority(join(folder.path, 'clients'), 'authority of clients')
  ground = await startGround(['gateway-api'], authority.ca)
  await putRoute(ground, { name: 'orders', rules: structuredClone(ORDERS) })
  kube = kubeOf(accessOf({}), ground.deps())
})
afterAll(async () => {
  folder?.remove()
  await ground?.kubernetes.server.close()
})

const accessOf = (more: Partial<KubernetesAccess>): KubernetesAccess => ({
  ...ACCESS,
  timeout: '3s',
  ...more,
})

/** What became of a call: its result's name, or kind and message. */
const said = (call: Promise<{ metadata?: { name: string } }>): Promise<string> =>
  call.then(
    ({ metadata }) => `read ${metadata?.name}`,
    (error: unknown) => `${kindOf(error)}: ${(error as Error).message}`,
  )
const reading = (of: Kube): Promise<string> => said(of.get({ path, doing: 'reading' }, io()))
const patching = (...patch: PatchOperation[]): Promise<string> =>
  said(kube.patch({ path, patch, doing: 'patching' }, io()))

/** The route as GitOps declares it, with this weight of the old side. */
function applied(weight: number): string {
  const refs = [
    { name: 'v1', port: 8080, weight },
    { name: 'v2', port: 8080, weight: 0 },
  ]
  return JSON.stringify({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: 'orders' },
    spec: { parentRefs: [{ name: 'edge' }, { name: 'inside' }], rules: [{ backendRefs: refs }] },
  })
}

/** What a failed request of the lab would have been to a provider. */
async function refusedBy(call: Promise<unknown>): Promise<Error> {
  const thrown: unknown = await call.catch((error: unknown) => error)
  const [, status = '', body = ''] = /: (\d{3}) (.*)$/s.exec((thrown as Error).message) ?? []
  const answer = { status: Number(status), headers: new Headers(), body, isCut: false }
  return refusal({ what: 'applying', answer, secrets: [], now: Date.now() })
}

describe('a refusal of the Kubernetes API', () => {
  it('is a conflict where the version or a tested value is another one, and rejected where the content is wrong', async () => {
    const version = { op: 'replace', path: '/metadata/resourceVersion', value: '1' } as const
    expect(await patching(version)).toMatch(/^Conflict: patching: 409 .*object has been modified/)
    const weight = '/spec/rules/0/backendRefs/0/weight'
    expect(await patching({ op: 'test', path: weight, value: 7 })).toMatch(
      /^Conflict: patching: 422 .*it is not as it was when it was looked at$/,
    )
    expect(await patching({ op: 'replace', path: weight, value: -1 })).toMatch(
      /^Rejected: patching: 422 .*weight/,
    )
    expect(await patching({ op: 'replace', path: '/spec/rules/9/nowhere', value: 1 })).toMatch(
      /^Rejected: patching: 422/,
    )
    expect(await patching({ op: 'add', path: '/spec/rules/0/unknown', value: 1 })).toMatch(
      /^Rejected: patching: 422 .*unknown field/,
    )
  })

  it('tells an object that is not there from a kind that is not installed, and a permission from a refusal of the content', async () => {
    expect(await said(kube.get({ path: pathOf('nowhere'), doing: 'reading' }, io()))).toMatch(
      /^Denied: reading: 403 .*cutover rbac FILE/, // names are part of the permission
    )
    const admin = kubeOf(
      accessOf({}),
      testDeps({ secrets: { 'env:KUBECONFIG': ground.kubernetes.kubeconfig(ground.kubernetes.admin) } }),
    )
    expect(await said(admin.get({ path: pathOf('nowhere'), doing: 'reading' }, io()))).toBe(
      'Missing: reading: 404 httproutes.gateway.networking.k8s.io "nowhere" not found',
    )
    const kedas = `/apis/keda.sh/v1alpha1/namespaces/${NAMESPACE}/scaledobjects`
    expect(await said(admin.get({ path: `${kedas}/x`, doing: 'reading' }, io()))).toMatch(
      /^Missing: reading: 404: .*is its definition installed\?$/,
    )
    expect(await admin.list({ path: kedas, doing: 'listing' }, io())).toBe(null)
    const namespaces = '/api/v1/namespaces'
    const going = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'going' } }
    await ground.kubernetes.create(namespaces, going)
    await ground.kubernetes.remove(`${namespaces}/going`) // nothing finishes it here: it is being deleted for ever
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' } }
    expect(
      await said(admin.create({ path: `${namespaces}/going/configmaps`, body, doing: 'creating' }, io())),
    ).toMatch(/^Rejected: creating: 403 .*because it is being terminated/)
  })

  it('names the manager of a field that server-side apply collides with, and does not repeat what can never be stored', async () => {
    await ground.kubernetes.patch(`${path}?fieldManager=argocd-controller&force=true`, applied(70))
    const collision = refusedBy(ground.kubernetes.patch(`${path}?fieldManager=other`, applied(60)))
    expect(await collision).toMatchObject({ type: 'Conflict', details: [{ writer: 'argocd-controller' }] })
    const wrong = applied(70).replace('"parentRefs"', '"unknown":1,"parentRefs"')
    const unknown = refusedBy(ground.kubernetes.patch(`${path}?fieldManager=other`, wrong))
    expect(await unknown).toMatchObject({
      type: 'Rejected',
      message: expect.stringContaining('field not declared in schema'),
    })
  })

  it('keeps nothing of a write that is only tried', async () => {
    const weight = '/spec/rules/0/backendRefs/0/weight'
    const tried = await kube.patch(
      { path, patch: [{ op: 'replace', path: weight, value: 55 }], doing: 'trying', isTrial: true },
      io(),
    )
    expect(JSON.stringify(tried)).toContain('"weight":55')
    expect(JSON.stringify(await kube.get({ path, doing: 'reading' }, io()))).not.toContain('"weight":55')
  })

  it('is an unknown outcome where no answer comes, and where nothing listens', async () => {
    const outage = await freeze(ground.kubernetes.server.pid)
    try {
      const late = kubeOf(accessOf({ timeout: '300ms' }), ground.deps())
      expect(await reading(late)).toBe('Unavailable: reading: no answer within 300 ms')
    } finally {
      await outage.end()
    }
    const nobody = testDeps({ secrets: { 'env:TOKEN': 'x' } })
    const gone = kubeOf(
      { namespace: NAMESPACE, timeout: '3s', server: 'https://127.0.0.1:9999', token: 'env:TOKEN' },
      nobody,
    )
    expect(await reading(gone)).toMatch(/^Unavailable: reading: .*connection refused/)
  })
})

describe('the way in', () => {
  const direct = (more: Partial<KubernetesAccess> = {}): KubernetesAccess => ({
    namespace: NAMESPACE,
    timeout: '3s',
    server: ground.kubernetes.url,
    token: 'env:TOKEN',
    tls: { ca: ground.kubernetes.ca },
    ...more,
  })
  const worker = WORKER.token
  const deps = (secrets: Record<string, string>, commandFolder: string | null = null) =>
    testDeps({ secrets, commandFolder })

  it('is an address with a token and an authority', async () => {
    expect(await reading(kubeOf(direct(), deps({ 'env:TOKEN': worker })))).toBe('read orders')
    expect(await reading(kubeOf(direct(), deps({ 'env:TOKEN': 'wrong-token' })))).toMatch(
      /^Denied: reading: 401 .*does not know these credentials/,
    )
    const { tls: _, ...untrusting } = direct()
    expect(await reading(kubeOf(untrusting, deps({ 'env:TOKEN': worker })))).toMatch(
      /^Config: reading: .*authority/i,
    )
  })

  it('is a kubeconfig, by its current context or another one, with its authority as data', async () => {
    const { url, ca } = ground.kubernetes

    const data = readFileSync(ca).toString('base64')
    const text = `
apiVersion: v1
kind: Config
current-context: stranger
clusters: [{ name: c, cluster: { server: "${url}", certificate-authority-data: ${data} } }]
users: [{ name: s, user: { token: nothing-known } }, { name: w, user: { token: ${worker} } }]
contexts:
  - { name: stranger, context: { cluster: c, user: s } }
  - { name: worker, context: { cluster: c, user: w } }
`
    const lent = deps({ 'env:KUBECONFIG': text })
    expect(await reading(kubeOf(accessOf({}), lent))).toMatch(/^Denied/)
    expect(await reading(kubeOf(accessOf({ context: 'worker' }), lent))).toBe('read orders')
    expect(await reading(kubeOf(accessOf({ context: 'none' }), lent))).toBe(
      'Config: kubeconfig env:KUBECONFIG: it has no context none; it has stranger, worker',
    )
  })

  it('is a client certificate, in files or in the kubeconfig, and another person where it says so', async () => {
    const { url, ca, admin } = ground.kubernetes
    const { cert, key } = await authority.issue(WORKER.name)
    const data = (file: string): string => readFileSync(file).toString('base64')
    const entering = (user: object): Promise<string> => {
      const text = JSON.stringify({
        'current-context': 'c',
        clusters: [{ name: 'c', cluster: { server: url, 'certificate-authority': ca } }],
        users: [{ name: 'u', user }],
        contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
      })
      const lent = { ...deps({}), secrets: connectSecrets({ KUBECONFIG: text }) }
      return reading(kubeOf(accessOf({}), lent))
    }
    expect(await entering({ 'client-certificate': cert, 'client-key': key })).toBe('read orders')
    expect(await entering({ 'client-certificate-data': data(cert), 'client-key-data': data(key) })).toBe(
      'read orders',
    )
    const stranger = await createAuthority(join(folder.path, 'strangers'), 'another authority')
    const unknown = await stranger.issue(WORKER.name)
    expect(await entering({ 'client-certificate': unknown.cert, 'client-key': unknown.key })).toMatch(
      /^Denied: reading: 401/,
    )
    expect(await entering({ token: admin, as: WORKER.name })).toBe('read orders')
    expect(await entering({ token: admin, as: 'somebody-else' })).toMatch(
      /^Denied: reading: 403 .*User "somebody-else" cannot get/,
    )
  })

  it('reads a token file anew for every call, as the tokens of pods need', async () => {
    const { url, ca } = ground.kubernetes
    const token = join(folder.path, 'token')
    const file = join(folder.path, 'kubeconfig')
    writeFileSync(
      file,
      JSON.stringify({
        'current-context': 'c',
        clusters: [{ name: 'c', cluster: { server: url, 'certificate-authority': ca } }],
        users: [{ name: 'u', user: { tokenFile: 'token' } }], // beside the kubeconfig
        contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
      }),
    )
    const lent = { ...deps({}), secrets: connectSecrets({}) }
    const rotating = kubeOf(accessOf({ kubeconfig: `file:${file}` }), lent)
    writeFileSync(token, 'expired\n')
    expect(await reading(rotating)).toMatch(/^Denied/)
    writeFileSync(token, `${worker}\n`)
    expect(await reading(rotating)).toBe('read orders')
  })

  it('asks a program of the command folder for a credential, keeps it while it holds, and asks anew when it is refused', async () => {
    const { url, ca } = ground.kubernetes
    const programs = join(folder.path, 'programs')
    mkdirSync(programs)
    const place = (token: string, more = ''): void => {
      const credential = JSON.stringify({
        kind: 'ExecCredential',
        apiVersion: 'client.authentication.k8s.io/v1',
        status: { token },
      })
      const script = `#!/bin/sh\necho "$CLUSTER $1" >> asked\n${more}\necho '${credential}'\n`
      writeFileSync(join(programs, 'handout'), script)
      chmodSync(join(programs, 'handout'), 0o755)
    }
    const asked = (): string[] => readFileSync(join(programs, 'asked'), 'utf8').trim().split('\n')
    const text = JSON.stringify({
      'current-context': 'c',
      clusters: [{ name: 'c', cluster: { server: url, 'certificate-authority': ca } }],
      users: [
        {
          name: 'u',
          user: {
            exec: {
              apiVersion: 'client.authentication.k8s.io/v1',
              command: '/usr/local/bin/handout', // the path is not followed: only the folder's own is run
              args: ['get-token'],
              env: [{ name: 'CLUSTER', value: 'lab' }],
            },
          },
        },
      ],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    })
    const handed = kubeOf(accessOf({}), deps({ 'env:KUBECONFIG': text }, programs))
    place('not-known-yet')
    expect(await reading(handed), 'asked twice, refused twice').toMatch(/^Denied/)
    place(worker)
    expect(await reading(handed), 'the refused one is not used again').toBe('read orders')
    const before = asked().length
    expect(await reading(handed)).toBe('read orders')
    expect(asked(), 'the credential holds').toHaveLength(before)
    expect(asked()[0]).toBe('lab get-token')
    const failing = kubeOf(accessOf({}), deps({ 'env:KUBECONFIG': text }, programs))
    place('x', 'echo "token=s3cret expired" >&2; exit 3')
    expect(await reading(failing)).toBe(
      'Unavailable: asking handout for a credential: exit 3; token=[secret] expired',
    )
    expect(await reading(kubeOf(accessOf({}), deps({ 'env:KUBECONFIG': text })))).toMatch(
      /^Config: run handout: this worker runs no commands/,
    )
  })

  it('is refused where credentials would be shown to anybody, or are of a kind that Kubernetes has removed', async () => {
    const of = (cluster: object, user: object): string =>
      JSON.stringify({
        'current-context': 'c',
        clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1', ...cluster } }],
        users: [{ name: 'u', user }],
        contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
      })
    const refused = (text: string): Promise<string> =>
      reading(kubeOf(accessOf({}), deps({ 'env:KUBECONFIG': text })))
    expect(await refused(of({ 'insecure-skip-tls-verify': true }, {}))).toMatch(
      /^Config: .*name the authority/,
    )
    expect(await refused(of({ server: 'http://127.0.0.1:1' }, {}))).toMatch(/^Config: .*no https/)
    expect(await refused(of({}, { username: 'a', password: 'b' }))).toMatch(
      /^Config: .*has username and password/,
    )
    expect(await refused(of({}, { 'auth-provider': { name: 'gcp' } }))).toMatch(
      /^Config: .*use an exec plugin/,
    )
    expect(await refused('{ token: s3cret')).toBe('Config: kubeconfig env:KUBECONFIG: not YAML')
  })
})
