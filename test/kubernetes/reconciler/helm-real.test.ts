// reconciler/flux of a HelmRelease under helm-controller and source-controller as they are, with a chart in a repository over HTTP.
import { expect, it } from 'vitest'
import { REQUESTED } from '../../../activities/reconciler/flux/object.ts'
import { flux } from '../../../activities/reconciler/flux/index.ts'
import { until } from '../../../lab/until.ts'
import { NAMESPACE } from '../ground.ts'
import { FOLLOWS_MS, realHelm } from './real.ts'
import {
  CASE_MS,
  type Case,
  goesOnOnlyWithWhatCanBeApplied,
  putBack,
  saysWhyNot,
  staysAlone,
  underReal,
} from './under-real.ts'

const PODS = `/api/v1/namespaces/${NAMESPACE}/pods`

/** Something that Helm waits for; it is done when a test says so. */
const hookOf = (name: string, when: string) => `
apiVersion: v1
kind: Pod
metadata:
  name: ${name}
  annotations: { helm.sh/hook: ${when} }
spec:
  restartPolicy: Never
  containers: [{ name: wait, image: wait }]
`

underReal(
  'reconciler/helm',
  { provider: flux, open: realHelm, named: (name) => `Flux helmrelease shop/${name}` },
  ({ real, witness, begin }) => {
    const stands = async (pod: string) => {
      const { kubernetes } = real().ground
      const look = () => kubernetes.get(`${PODS}/${pod}`).then(Boolean, () => false)
      await until(`${pod} stands`, look, FOLLOWS_MS)
    }
    const finish = (pod: string) =>
      real().ground.kubernetes.patch(`${PODS}/${pod}/status`, { status: { phase: 'Succeeded' } })
    const staysOpen = async (one: Case) => {
      for (let looks = 0; looks < 5; looks++) {
        const { settled, lines } = await one.confirm('quiet')
        expect(settled, lines.join('; ')).toBe(false)
        await new Promise((resolve) => setTimeout(resolve, 400))
      }
    }

    it(
      'is not quiet while an upgrade that had begun before is under way; what it had begun lands',
      async () => {
        const one = await begin()
        const hook = `${one.name}-hook`
        await one.repository.commit({
          'templates/hook.yaml': hookOf(hook, 'pre-upgrade'),
          'templates/route.yaml': one.manifest(60, 40),
        })
        await stands(hook)
        await one.suspend()
        await staysOpen(one)
        expect((await one.route()).weights).toEqual([100, 0])
        await finish(hook)
        await one.settles('it is quiet', 'quiet')
        expect((await one.route()).weights, 'what it had begun has landed').toEqual([60, 40])
        await staysAlone(one, witness())
      },
      CASE_MS,
    )

    it(
      'is not quiet while it goes back from an upgrade that failed',
      async () => {
        const one = await begin()
        const { kubernetes } = real().ground
        const upgrade = { timeout: '5s', remediation: { retries: 1, remediateLastFailure: true } }
        await kubernetes.patch(one.path, { spec: { upgrade, rollback: { timeout: '4m' } } })
        const back = `${one.name}-back`
        const next = await one.repository.commit({ 'templates/back.yaml': hookOf(back, 'pre-rollback') })
        const upgraded = async () => JSON.stringify((await one.get()).status).includes(next.slice(0, 12))
        await until('it is upgraded', upgraded, FOLLOWS_MS)
        const hook = `${one.name}-hook`
        await one.repository.commit({
          'templates/hook.yaml': hookOf(hook, 'pre-upgrade'),
          'templates/route.yaml': one.manifest(60, 40),
        })
        await stands(hook)
        await one.suspend()
        await stands(back) // five seconds later: the upgrade has failed
        await staysOpen(one)
        await finish(back)
        await one.settles('it is quiet', 'quiet')
        expect((await one.route()).weights).toEqual([100, 0])
        await staysAlone(one, witness())
      },
      CASE_MS,
    )

    it(
      'is quiet when it is suspended after an upgrade that failed, whatever its conditions say for good',
      async () => {
        const one = await begin()
        await one.repository.commit({
          'templates/route.yaml': one.manifest(0, 100).replace('HTTPRoute', 'NoSuchKind'),
        })
        const failed = async () => JSON.stringify((await one.get()).status).includes('UpgradeFailed')
        await until('its upgrade has failed', failed, FOLLOWS_MS)
        await one.suspend()
        await one.settles('it is quiet', 'quiet')
        await staysAlone(one, witness())
      },
      CASE_MS,
    )

    it(
      'puts nothing back by itself where it does not look for drift, and does so with the next chart: suspended, it does neither',
      async () => {
        const one = await begin()
        const { kubernetes } = real().ground
        await kubernetes.patch(one.path, { spec: { driftDetection: { mode: 'disabled' } } })
        const come = async (at: string) => {
          await kubernetes.patch(one.path, { metadata: { annotations: { [REQUESTED]: at } } })
          const handled = async () => (await one.get()).status?.['lastHandledReconcileAt'] === at
          await until('it has come by', handled, FOLLOWS_MS)
        }
        await come('first')
        await one.setWeights(50, 50)
        await come('second')
        expect((await one.route()).weights).toEqual([50, 50])
        await one.suspend()
        await one.settles('it is quiet', 'quiet')
        await one.commit(90, 10)
        await putBack(witness())
        await putBack(witness())
        expect((await one.route()).weights).toEqual([50, 50])
        await one.resume(await one.found().then(({ by: _by, ...value }) => ({ ...value, suspended: false })))
        await until('the next chart is there', async () => (await one.route()).weights[0] === 90, FOLLOWS_MS)
      },
      CASE_MS,
    )

    it(
      'says nothing of a source that cannot be read here: whether it agrees is for a person to say',
      async () => {
        const one = await begin()
        await one.suspend()
        await one.settles('it is quiet', 'quiet')
        const spec = { chart: null, chartRef: { kind: 'OCIRepository', name: 'orders' } }
        await real().ground.kubernetes.patch(one.path, { spec })
        await one.commit(0, 100) // no longer what it is made from
        await putBack(witness())
        expect(await one.confirm('after')).toMatchObject({
          settled: false,
          lines: [expect.stringContaining('compares nothing while it is suspended')],
        })
      },
      CASE_MS,
    )

    it(
      'names why its chart does not move: a repository that does not answer',
      async () => {
        const one = await begin()
        await one.suspend()
        await one.settles('it is quiet', 'quiet')
        one.repository.isDown = true
        await saysWhyNot(
          one,
          /its chart is still at .*GitRepository shop\/\S+ is not Ready: failed to checkout/s,
        )
        one.repository.isDown = false
        await one.commit(0, 100)
        await one.settles('its chart has moved', 'after')
      },
      CASE_MS,
    )

    it(
      'does not say that it has gone on while what is declared cannot be applied',
      async () => {
        await goesOnOnlyWithWhatCanBeApplied(await begin(), {
          file: 'templates/route.yaml',
          moved: 'its chart has moved',
        })
      },
      CASE_MS,
    )
  },
)
