// reconciler/flux under kustomize-controller and source-controller as they are, with a repository over HTTP.
import { expect, it } from 'vitest'
import { flux } from '../../../activities/reconciler/flux/index.ts'
import { until } from '../../../lab/until.ts'
import { freeze } from '../../contract/frozen.ts'
import { realFlux } from './real.ts'
import { CASE_MS, goesOnOnlyWithWhatCanBeApplied, saysWhyNot, staysAlone, underReal } from './under-real.ts'

underReal(
  'reconciler/flux',
  { provider: flux, open: realFlux, named: (name) => `Flux kustomization shop/${name}` },
  ({ real, witness, begin }) => {
    it(
      'is not quiet while a reconciliation that had begun before is under way; what it had begun lands',
      async () => {
        const one = await begin()
        const frozen = await freeze(real().source?.pid) // what it fetches does not come
        try {
          await one.setWeights(50, 50)
          await until('it has begun', async () => /"Reconciling"/.test(JSON.stringify(await one.get())))
          await one.suspend()
          const { settled, lines } = await one.confirm('quiet')
          expect(settled).toBe(false)
          expect(lines.join()).toMatch(/it is reconciling: Fetching manifests/)
          expect((await one.route()).weights).toEqual([50, 50])
        } finally {
          await frozen.end()
        }
        await one.settles('it is quiet', 'quiet')
        expect((await one.route()).weights, 'what it had begun has landed').toEqual([100, 0])
        await staysAlone(one, witness())
      },
      CASE_MS,
    )

    it(
      'has gone on is not said of one whose source moved and says something else: what it puts back shows in the route',
      async () => {
        const one = await begin()
        const before = await one.found()
        await one.suspend()
        await one.settles('it is quiet', 'quiet')
        await one.setWeights(0, 100)
        await one.commit(60, 40) // somebody else's commit: all that Flux can be asked is whether its source has moved
        const moved = await one.settles('its source has moved', 'after')
        expect(moved.lines.join()).toContain('its source has moved on from')
        await one.resume(before)
        await one.settles('it has gone on', 'after', before)
        expect((await one.route()).weights).toEqual([60, 40])
      },
      CASE_MS,
    )

    it(
      'names why its source does not move: one that does not answer, one that is suspended',
      async () => {
        const one = await begin()
        await one.suspend()
        await one.settles('it is quiet', 'quiet')
        one.repository.isDown = true
        await saysWhyNot(one, /GitRepository shop\/\S+ is not Ready: failed to checkout/)
        one.repository.isDown = false
        const { kubernetes } = real().ground
        const source = `/apis/source.toolkit.fluxcd.io/v1/namespaces/shop/gitrepositories/${one.name}`
        await kubernetes.patch(source, { spec: { suspend: true } })
        await one.commit(0, 100)
        await saysWhyNot(one, /is suspended: it fetches nothing/)
        await kubernetes.patch(source, { spec: { suspend: null } })
        await one.settles('its source has moved', 'after')
      },
      CASE_MS,
    )

    it(
      'does not say that it has gone on while what is declared cannot be applied',
      async () => {
        await goesOnOnlyWithWhatCanBeApplied(await begin(), {
          file: 'route.yaml',
          moved: 'its source has moved',
        })
      },
      CASE_MS,
    )
  },
)
