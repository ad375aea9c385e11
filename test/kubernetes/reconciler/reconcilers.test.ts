// reconciler/argo-cd and reconciler/flux on a real API server with the real definitions: the contract of changing ports, and whose a
// suspension is. Nobody reconciles here; flux-real and argo-cd-real ask their controllers.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { restoreTo } from '../../../activities/change/restore.ts'
import { applyTo } from '../../../activities/change/look.ts'
import { argoCd } from '../../../activities/reconciler/argo-cd/index.ts'
import { flux } from '../../../activities/reconciler/flux/index.ts'
import type { JsonObject } from '../../../workflows/json.ts'
import { SUSPENDED } from '../../../workflows/ports/reconciler.ts'
import type { Changing } from '../../../workflows/ports/target.ts'
import { type ChangingBench, changingContract, connect, io } from '../../contract/changing.ts'
import { FluxConfig, rulesOf as fluxRules } from '../../../activities/reconciler/flux/schema.ts'
import type { KubeObject } from '../../../lab/servers/kubernetes.ts'
import { ACCESS, type Ground, NAMESPACE, startGround } from '../ground.ts'
import { type Alone, argoBench, fluxBench } from './bench.ts'

let ground: Ground
beforeAll(async () => {
  ground = await startGround(['gateway-api', 'argo-cd', 'flux-kustomize', 'flux-helm', 'flux-source'])
})
afterAll(() => ground?.kubernetes.server.close())

const CASES = [
  { id: 'reconciler/argo-cd', provider: argoCd, begin: argoBench },
  { id: 'reconciler/flux', provider: flux, begin: fluxBench },
] as const

for (const { id, provider, begin } of CASES) {
  changingContract(id, async () => {
    const bench = await begin(ground, `contract-${id.slice(11)}`)
    return {
      ...bench,
      provider: provider as unknown as ChangingBench['provider'],
      wrongCredentials: { config: bench.config, deps: ground.intruder() },
      values: [{ ...SUSPENDED }, { suspended: true, by: 'kubectl-edit' }],
    }
  })

  describe(id, () => {
    let bench: Alone
    let port: Changing
    let count = 0
    const observe = () => port.observe('reconciling', io())
    const suspend = async () => {
      const { value: expected } = await observe()
      return await applyTo(
        port,
        { target: 'reconciling', desired: { ...SUSPENDED }, expected, portName: 'reconciler' },
        io(),
      )
    }
    const resume = (before: JsonObject) => {
      const ours = [{ ...SUSPENDED }]
      const of = { before, ours, halves: [], isUncertain: false, isRepeated: false }
      return restoreTo(port, { target: 'reconciling', portName: 'reconciler', ...of }, io())
    }
    const begun = async () => {
      bench = await begin(ground, `${id.slice(11)}-${count++}`)
      port = connect(provider as unknown as ChangingBench['provider'], bench.config, bench.deps)
    }

    it('knows whose a suspension is: one that somebody has lifted and set again is never lifted', async () => {
      await begun()
      const { value: before } = await observe()
      await suspend()
      await resume(before as JsonObject)
      await bench.stranger({})
      expect((await observe()).value).toMatchObject({ suspended: true, by: 'kubectl-edit' })
      await expect(resume(before as JsonObject)).rejects.toThrow('changed by kubectl-edit')
      expect((await observe()).value).toMatchObject({ suspended: true })
    })

    it('says what stands in the way: permissions, and a suspension tried without effect', async () => {
      await begun()
      expect(await port.permits?.('reconciling', io())).toContain('its suspension was tried without effect')
      expect((await observe()).value).toMatchObject({ suspended: false })
    })
  })
}

describe('reconciler/argo-cd of an Application whose status is too large to be stored', () => {
  it('agrees with nothing: the request is consumed, and the status is the one of an earlier comparison', async () => {
    const bench = await argoBench(ground, 'too-large')
    const port = connect(argoCd as unknown as ChangingBench['provider'], bench.config, bench.deps)
    const path = `/apis/argoproj.io/v1alpha1/namespaces/${NAMESPACE}/applications/too-large`
    const found = (await port.observe('reconciling', io())).value as JsonObject
    const options = { expects: 'after', objects: ['HTTPRoute shop/orders'] }
    const asked = await port.confirm?.({ target: 'reconciling', desired: found, options }, io())
    const resources = [{ kind: 'HTTPRoute', namespace: 'shop', name: 'orders', status: 'Synced' }]
    const comparedTo = { destination: {}, source: { repoURL: 'https://git.example/orders' } }
    const sync = { status: 'Synced', revision: 'abc', comparedTo }
    const consumed = { metadata: { annotations: { 'argocd.argoproj.io/refresh': null } } }
    await ground.kubernetes.patch(path, { ...consumed, status: { resources, sync } })
    const confirm = () => {
      const memory = asked?.memory ?? {}
      return port.confirm?.({ target: 'reconciling', desired: found, options, memory }, io())
    }
    expect(await confirm(), 'as it would be else').toMatchObject({ settled: true })
    const message = 'The displayed status may be stale.' // as 3.5.7 says it
    const conditions = [{ type: 'UnknownError', message }]
    await ground.kubernetes.patch(path, { status: { conditions } })
    expect(await confirm()).toMatchObject({
      settled: false,
      lines: [`its status may be an old one (UnknownError: ${message})`],
    })
  })
})

describe('reconciler/flux of a HelmRelease', () => {
  it('is suspended and goes on as it was; what it would do is for a person to say', async () => {
    const path = `/apis/helm.toolkit.fluxcd.io/v2/namespaces/${NAMESPACE}/helmreleases/orders`
    await ground.kubernetes.create(path.replace(/\/orders$/, ''), {
      apiVersion: 'helm.toolkit.fluxcd.io/v2',
      kind: 'HelmRelease',
      metadata: { name: 'orders' },
      spec: {
        interval: '5m',
        chart: { spec: { chart: 'orders', sourceRef: { kind: 'HelmRepository', name: 'shop' } } },
      },
    } as unknown as KubeObject)
    const config = { ...ACCESS, helm_release: 'orders' }
    await ground.allow(fluxRules(FluxConfig.parse(config)))
    const port = connect(flux as unknown as ChangingBench['provider'], config, ground.deps())
    const target = 'reconciling'
    const { value: before, facts } = await port.observe(target, io())
    expect(facts).toMatchObject({ names: [`Flux helmrelease ${NAMESPACE}/orders`] })
    await applyTo(port, { target, desired: { ...SUSPENDED }, expected: before, portName: 'reconciler' }, io())
    const stored = await ground.kubernetes.get(path)
    expect(stored).toMatchObject({ spec: { suspend: true } })
    // As helm-controller does of a suspended one: it repeats the request, and nothing else.
    const { annotations = {} } = stored.metadata as { annotations?: Record<string, string> }
    const lastHandledReconcileAt = annotations['reconcile.fluxcd.io/requestedAt']
    await ground.kubernetes.patch(`${path}/status`, { status: { lastHandledReconcileAt } })
    const confirm = async (expects: string) =>
      await port.confirm?.({ target, desired: { ...SUSPENDED }, options: { expects, objects: [] } }, io())
    expect(await confirm('quiet')).toMatchObject({ settled: true })
    expect(await confirm('after')).toMatchObject({
      settled: false,
      lines: [expect.stringContaining('for a person to say')],
    })
    const of = { before, ours: [{ ...SUSPENDED }], halves: [], isUncertain: false, isRepeated: false }
    await restoreTo(port, { target, portName: 'reconciler', ...of }, io())
    expect((await ground.kubernetes.get(path)) as { spec?: object }).not.toMatchObject({
      spec: { suspend: true },
    })
  })
})
