// reconciler/argo-cd and reconciler/flux on a real API server with the real definitions: the contract of changing ports, and whose a
// suspension is. Nobody reconciles here; flux-real, helm-real and argo-cd-real ask their controllers.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { restoreTo } from '../../../activities/change/restore.ts'
import { applyTo } from '../../../activities/change/look.ts'
import { argoCd } from '../../../activities/reconciler/argo-cd/index.ts'
import { flux } from '../../../activities/reconciler/flux/index.ts'
import type { JsonObject } from '../../../workflows/json.ts'
import { SUSPENDED } from '../../../workflows/ports/reconciler.ts'
import type { Changing } from '../../../workflows/ports/target.ts'
import { type ChangingBench, changingContract, connect, io } from '../../contract/changing.ts'
import { type Ground, NAMESPACE, startGround } from '../ground.ts'
import { type Alone, argoBench, fluxBench } from './bench.ts'

let ground: Ground
beforeAll(async () => {
  ground = await startGround(['gateway-api', 'argo-cd', 'flux'])
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
