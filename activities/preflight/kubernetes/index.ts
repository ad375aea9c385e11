// Whether a workload in Kubernetes is fit for users, by what the API server has of it: each check is a file of its own and pure.
// Permissions come first: what may not be read would look as if it were not there.
import type { Examination, Finding, PreflightPort } from '../../../workflows/ports/preflight.ts'
import { kubeOf } from '../../kubernetes/client.ts'
import { ownersOf } from '../../kubernetes/owners.ts'
import { permitted } from '../../kubernetes/permits.ts'
import { cautionsIn, troublesOf } from '../../kubernetes/workload-status.ts'
import { defineProvider } from '../../provider.ts'
import { budgetsOf } from './budgets.ts'
import { clockOf } from './clock.ts'
import { type Facts, type Judgement, caution, fine } from './facts.ts'
import { imagesOf, instancesOf } from './instances.ts'
import { type Place, look } from './look.ts'
import { breakerOf, servicesOf } from './mesh.ts'
import { probesOf } from './probes.ts'
import { roomOf } from './room.ts'
import { rulesOf, spec } from './schema.ts'
import { stopOf } from './stop.ts'

const CHECKS_OF: ((facts: Facts) => Judgement[])[] = [
  instancesOf,
  imagesOf,
  probesOf,
  stopOf,
  budgetsOf,
  servicesOf,
  breakerOf,
  roomOf,
  declaredBy,
  clockOf,
]

export const kubernetes = defineProvider({
  spec,
  connect(config, deps): PreflightPort {
    const place: Place = { config, kube: kubeOf(config, deps) }
    return {
      async examine(demand, io) {
        await permitted(place.kube, rulesOf(config), io)
        const facts = await look(place, demand, io)
        return examined(CHECKS_OF.flatMap((check) => check(facts)))
      },
    }
  },
})

function examined(looked: Judgement[]): Examination {
  return {
    findings: looked.filter((each): each is Finding => 'level' in each),
    fine: looked.flatMap((each) => ('fine' in each ? [`${each.check}: ${each.fine}`] : [])),
  }
}

/** Who else declares it, and what is going on with it beside the run. */
function declaredBy({ workload }: Facts): Judgement[] {
  const of = workload as Parameters<typeof cautionsIn>[0]
  const owners = ownersOf(of, 'what is')
  const troubles = troublesOf(of) // said by `instances`
  const changes = cautionsIn(of).filter((words) => !troubles.includes(words))
  if (owners.length + changes.length === 0) return [fine('owners', 'nobody else is at work on it')]
  return [...owners, ...changes].map((seen) =>
    caution('owners', {
      seen,
      why: 'it may become another one while users are led to it',
      todo: 'let nobody change it for the time of the run',
    }),
  )
}
