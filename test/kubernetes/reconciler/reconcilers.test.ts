// reconciler/argo-cd and reconciler/flux on a real API server with the real definitions: the contract of changing ports, and what only
// they can be asked: whether they have come to rest, would change anything, and whose a suspension is.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { restoreTo } from '../../../activities/change/restore.ts'
import { applyTo } from '../../../activities/change/look.ts'
import { argoCd } from '../../../activities/reconciler/argo-cd/index.ts'
import { flux } from '../../../activities/reconciler/flux/index.ts'
import { until } from '../../../lab/until.ts'
import type { JsonObject } from '../../../workflows/json.ts'
import { SUSPENDED } from '../../../workflows/ports/reconciler.ts'
import type { Changing, Confirmation } from '../../../workflows/ports/target.ts'
import { type ChangingBench, changingContract, connect, io } from '../../contract/changing.ts'
import { FluxConfig, rulesOf as fluxRules } from '../../../activities/reconciler/flux/schema.ts'
import type { KubeObject } from '../../../lab/servers/kubernetes.ts'
import { ACCESS, type Ground, NAMESPACE, startGround } from '../ground.ts'
import { type Reconciled, argoBench, commit, fluxBench } from './bench.ts'

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
    await bench.controller.end()
    return {
      ...bench,
      provider: provider as unknown as ChangingBench['provider'],
      wrongCredentials: { config: bench.config, deps: ground.intruder() },
      values: [{ ...SUSPENDED }, { suspended: true, by: 'kubectl-edit' }],
    }
  })

  describe(id, () => {
    let bench: Reconciled
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
    let memory: JsonObject | undefined
    const confirm = async (
      expects: string,
      desired: JsonObject = { ...SUSPENDED },
    ): Promise<Confirmation> => {
      const name = bench.path.split('/').at(-1) ?? ''
      const options = { expects, objects: [`HTTPRoute shop/${name}`] }
      const request = { target: 'reconciling', desired, options, ...(memory === undefined ? {} : { memory }) }
      const answer = await port.confirm?.(request, io())
      if (answer === undefined) throw new Error(`${id} proves nothing`)
      memory = answer.memory
      return answer
    }
    const settles = (what: string, expects: string, desired?: JsonObject) =>
      until(what, async () => (await confirm(expects, desired)).settled)
    const begun = async () => {
      memory = undefined
      bench = await begin(ground, `${id.slice(11)}-${count++}`)
      port = connect(provider as unknown as ChangingBench['provider'], bench.config, bench.deps)
      await until('its controller has looked', async () => 'status' in (await bench.get()))
    }
    const name = () => bench.path.split('/').at(-1) ?? ''

    it('is put back by while it goes on, and left alone by once it is suspended and quiet', async () => {
      await begun()
      try {
        await bench.setWeights(50, 50)
        await until('the weights are put back', async () => (await bench.weights())[0] === 100)
        await suspend()
        await settles('it is quiet', 'quiet')
        const { applied } = bench.controller
        await bench.setWeights(50, 50)
        await new Promise((resolve) => setTimeout(resolve, 1_000)) // ten looks of its controller
        expect(await bench.weights()).toEqual([50, 50])
        expect(bench.controller.applied).toBe(applied)
      } finally {
        await bench.controller.end()
      }
    })

    it('is not quiet while a sync that had begun before is under way', async () => {
      await begun()
      const { promise, resolve } = Promise.withResolvers<void>()
      try {
        await settledStatus(bench)
        bench.controller.hold = promise
        await bench.setWeights(50, 50)
        await until('a sync has begun', async () =>
          /Running|Reconciling/.test(JSON.stringify((await bench.get()) as object)),
        )
        await suspend()
        expect(await confirm('quiet')).toMatchObject({ settled: false })
        bench.controller.hold = null
        resolve()
        await settles('it is quiet', 'quiet')
        expect(await bench.weights(), 'what it had begun has landed').toEqual([100, 0])
        await bench.setWeights(0, 100)
        await new Promise((done) => setTimeout(done, 1_000))
        expect(await bench.weights()).toEqual([0, 100])
      } finally {
        resolve()
        await bench.controller.end()
      }
    })

    it('is not quiet while its controller has not read that it is suspended', async () => {
      await begun()
      try {
        await settledStatus(bench)
        bench.controller.isStopped = true
        await new Promise((resolve) => setTimeout(resolve, 300))
        await suspend()
        expect(await confirm('quiet')).toMatchObject({
          settled: false,
          lines: ['its controller has not looked at it since'],
        })
        bench.controller.isStopped = false
        await settles('it is quiet', 'quiet')
      } finally {
        await bench.controller.end()
      }
    })

    it('goes on only when the repository says what is live, and then changes nothing', async () => {
      await begun()
      try {
        const { value: before } = await observe()
        await suspend()
        await settles('it is quiet', 'quiet')
        await bench.setWeights(0, 100)
        memory = undefined
        for (let looks = 0; looks < 5; looks++) {
          expect((await confirm('after')).settled).toBe(false)
          await new Promise((resolve) => setTimeout(resolve, 150))
        }
        commit(bench.git, { name: name(), old: 0, fresh: 100 })
        if (id === 'reconciler/argo-cd') memory = undefined // a minute later it asks again by itself
        await settles('it is declared', 'after')
        const { applied } = bench.controller
        await resume(before as JsonObject)
        memory = undefined
        await settles('it has gone on', 'after', before as JsonObject)
        expect(await bench.weights()).toEqual([0, 100])
        expect(bench.controller.applied).toBe(applied)
        expect((await observe()).value).toEqual(before)
      } finally {
        await bench.controller.end()
      }
    })

    it('knows whose a suspension is: one that somebody has lifted and set again is never lifted', async () => {
      await begun()
      try {
        const { value: before } = await observe()
        await suspend()
        await resume(before as JsonObject)
        await bench.stranger({})
        expect((await observe()).value).toMatchObject({ suspended: true, by: 'kubectl-edit' })
        await expect(resume(before as JsonObject)).rejects.toThrow('changed by kubectl-edit')
        expect((await observe()).value).toMatchObject({ suspended: true })
      } finally {
        await bench.controller.end()
      }
    })

    it('says what stands in the way: permissions, and a suspension tried without effect', async () => {
      await begun()
      try {
        expect(await port.permits?.('reconciling', io())).toContain('its suspension was tried without effect')
        expect((await observe()).value).toMatchObject({ suspended: false })
      } finally {
        await bench.controller.end()
      }
    })
  })
}

describe('reconciler/argo-cd of an Application whose status is too large to be stored', () => {
  it('agrees with nothing: the request is consumed, and the status is the one of an earlier comparison', async () => {
    const bench = await argoBench(ground, 'too-large')
    await bench.controller.end()
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

async function settledStatus(bench: Reconciled): Promise<void> {
  await until('its status is there', async () =>
    /Synced|Ready/.test(JSON.stringify((await bench.get()) as object)),
  )
}
