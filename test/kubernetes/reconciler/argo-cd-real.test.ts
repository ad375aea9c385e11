// reconciler/argo-cd under the application controller of Argo CD as it is, with its repository server and a repository over HTTP.
import { expect, it } from 'vitest'
import { REFRESH } from '../../../activities/reconciler/argo-cd/application.ts'
import { argoCd } from '../../../activities/reconciler/argo-cd/index.ts'
import { until } from '../../../lab/until.ts'
import { freeze } from '../../contract/frozen.ts'
import { FOLLOWS_MS, realArgoCd } from './real.ts'
import { CASE_MS, type Case, putBack, saysWhyNot, staysAlone, underReal } from './under-real.ts'

const ROUNDS = 5 // of a race that nobody can win on purpose

underReal(
  'reconciler/argo-cd',
  { provider: argoCd, open: realArgoCd, named: (name) => `Argo CD application ${name}` },
  ({ real, witness, begin }) => {
    /** A comparison that has begun before: its repository does not answer yet. */
    async function comparing(one: Case): Promise<() => void> {
      const { promise, resolve } = Promise.withResolvers<void>()
      one.repository.hold = promise
      const refresh = { metadata: { annotations: { [REFRESH]: 'normal' } } }
      await real().ground.kubernetes.patch(one.path, refresh)
      await until('it asks its repository', () => one.repository.waiting > 0, FOLLOWS_MS)
      return () => {
        one.repository.hold = null
        resolve()
      }
    }

    it(
      'is not quiet while a comparison that had begun before is under way, nor while it syncs by it: that lands',
      async () => {
        let hasLanded = false // its controller syncs by it only if it has not just done so
        for (let round = 0; round < ROUNDS && !hasLanded; round++) {
          const one = await begin()
          const goOn = await comparing(one)
          try {
            await one.setWeights(50, 50)
            await one.suspend() // over a request for a comparison that is there already
            expect(await one.confirm('quiet')).toMatchObject({
              settled: false,
              // A sync by the comparison before may be under way as well.
              lines: expect.arrayContaining(['its controller has not looked at it since']),
            })
          } finally {
            goOn()
          }
          await one.settles('it is quiet', 'quiet')
          const { weights, generation } = await one.route()
          hasLanded = weights[0] === 100
          await putBack(witness())
          expect((await one.route()).generation, 'and nothing behind it').toBe(generation)
          await staysAlone(one, witness())
        }
        expect(hasLanded, 'what it had begun has landed').toBe(true)
      },
      CASE_MS,
    )

    it(
      'agrees with nothing while its repository is down, and says so; a suspension is proven quiet all the same',
      async () => {
        const one = await begin()
        one.repository.isDown = true
        await one.suspend()
        await one.settles('it is quiet', 'quiet')
        one.forget()
        await saysWhyNot(one, /its sync status is Unknown: .*Failed to load target state/s)
        one.repository.isDown = false
        one.minuteLater()
        await one.settles('it agrees', 'after')
      },
      CASE_MS,
    )

    it(
      'does not take for agreement what its controller compares the moment it wakes up',
      async () => {
        const one = await begin()
        await one.suspend()
        await one.settles('it is quiet', 'quiet')
        for (let round = 0; round < ROUNDS; round++) {
          const frozen = await freeze(real().controller.pid)
          await one.setWeights(round, 100 - round) // the repository says 100 : 0
          one.forget()
          try {
            await one.confirm('after')
          } finally {
            await frozen.end()
          }
          await until(
            'it has compared',
            async () => {
              const { settled, lines } = await one.confirm('after')
              expect(settled, `round ${round}: ${lines.join()}`).toBe(false)
              return lines.join().includes('OutOfSync')
            },
            FOLLOWS_MS,
          )
        }
      },
      CASE_MS,
    )
  },
)
