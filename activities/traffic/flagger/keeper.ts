// Answers one gate: reads the Canary as it is now, and everything that says whether its order holds. Remembers nothing, so that any
// worker answers alike. Whoever asks learns yes or no, and nothing of what there is.
import type { Io } from '../../../workflows/ports/target.ts'
import { kindOf } from '../../failure.ts'
import { type Kube, kubeOf } from '../../kubernetes/client.ts'
import type { Deps } from '../../provider.ts'
import type { Canary } from './canary.ts'
import { type Gate, isOpen } from './gates.ts'
import { deploymentPath, pathOf } from './look.ts'
import { type Deployment, orderIn } from './order.ts'
import { pathOfRoute, routeHere } from './route.ts'

export interface GateAsked {
  namespace: string
  canary: string
  gate: Gate
}

export type Keeper = (asked: GateAsked, io: Io) => Promise<boolean>

const CALL_MS_MAX = '3s' // Flagger waits for ten seconds, unless its webhook says otherwise

/** `kubeconfig`: a reference; left out: the account of the pod. Raises what reading raises; what is not there is no. */
export function keeperOf({ kubeconfig }: { kubeconfig: string | null }, deps: Deps): Keeper {
  const account = kubeconfig === null ? {} : { kubeconfig }
  const kube = kubeOf({ ...account, namespace: 'default', timeout: CALL_MS_MAX }, deps) // every path names its own
  return (asked, io) => answered(kube, asked, io)
}

export async function answered(
  kube: Pick<Kube, 'get'>,
  { namespace, canary: name, gate }: GateAsked,
  io: Io,
): Promise<boolean> {
  const doing = `answering ${gate} of Canary ${namespace}/${name}`
  const read = () => kube.get<Canary>({ path: pathOf({ namespace, canary: name }), doing }, io)
  try {
    const first = await read()
    const order = orderIn(first)
    if (order === null) return false
    const workload = first.spec.targetRef.name
    const service = first.spec.service?.name ?? workload
    const placed = { namespace, canary: name, workload, service, mesh: order.mesh }
    const [deployment, stored] = await Promise.all([
      kube.get<Deployment>({ path: deploymentPath(namespace, workload), doing }, io),
      kube.get({ path: pathOfRoute(placed), doing }, io),
    ])
    const { weight } = routeHere(stored, placed)
    // The order once more, behind the route: a way back writes the order first, so a route that it has written is never seen beside
    // the order of before, by which Flagger would be let up from where it was.
    return isOpen(gate, { canary: await read(), deployment, weight })
  } catch (error) {
    if (kindOf(error) === 'Missing') return false
    throw error
  }
}
