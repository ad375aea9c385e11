// promote, as others see it: one change of which version is the stable one, after a proof and a decision. Nothing leads back from it.
import { deciders } from '../../people.ts'
import { STABLE, type Stable, stableIs } from '../../ports/traffic.ts'
import { milliseconds } from '../../quantities.ts'
import { defineKind } from '../kind.ts'
import { namesOf, targetsAt } from '../several.ts'

export const promote = defineKind<'promote'>({
  title: ({ connection }) => `promote the new side of ${namesOf(connection)}`,
  connections: { connection: 'traffic' },
  changes: true,
  watched: 'throughout',
  asks: ({ people, quorum, self_approval: selfApproval }) => ({ people, quorum, selfApproval }),
  empties: () => ({ side: 'old', path: ['connection'] }),
  reversibility: () => ({
    is: 'irreversible',
    because: 'the new version is the stable one then, and no abort leads from it to the old one',
  }),
  outline(spec, seen) {
    const targets = targetsAt(spec.connection, [STABLE])
    return {
      changes: targets.map((of) => ({ ...of, desired: stableIs('new') })),
      problems: targets.flatMap((of) => {
        const found = seen(of.connection, of.target) as Stable | undefined
        const problem = 'the new version is the stable one already: there is nothing to promote'
        return found?.stable === 'new' ? [{ ...of, problem }] : []
      }),
      back: 'not by this run: the old version is rolled out anew, as a version of its own',
      shortestMs: 0,
      longestMs:
        spec.on_expiry === 'hold'
          ? null
          : 2 * milliseconds(spec.extend_max) + milliseconds(spec.expires) + milliseconds(spec.within),
      decides: deciders(spec),
    }
  },
})
