// Moves users along the steps of a Rollout, by the patches that the kubectl plugin sends: promotes to the pause with the weight that
// is asked for, aborts for 0, and promotes fully where a run says so. Writes no weight: these are the controller's.
import type { Io, Write } from '../../../workflows/ports/target.ts'
import {
  STABLE,
  type Split,
  type Stable,
  type TrafficConfirmOptions,
} from '../../../workflows/ports/traffic.ts'
import { failure } from '../../failure.ts'
import { kubeOf } from '../../kubernetes/client.ts'
import { lookAndWrite, overtake, refuseOutdated, tryOver } from '../../kubernetes/over.ts'
import { permitted } from '../../kubernetes/permits.ts'
import { writeStable } from '../../kubernetes/promote.ts'
import { takenUp } from '../../kubernetes/take-up.ts'
import { defineProvider } from '../../provider.ts'
import { confirmSplit, counterOf } from '../queried.ts'
import { goBack, isReverted } from './back.ts'
import { goForward } from './forward.ts'
import { type Edge, type Look, isThere, look, observed, pathOf, placeOf } from './look.ts'
import { observedStable, promotionOf, unpromotable } from './promotion.ts'
import { notYet } from './proof.ts'
import { isRead, isUpdating } from './rollout.ts'
import { rulesOf, spec } from './schema.ts'
import { unreachable } from './steps.ts'
import { newWords } from './versions.ts'

const TAKE_UP_MS_MAX = 2_000 // a controller that runs, with pods that are there, has set a weight after 0.1 s
const LOOKS_UNTIL_AGAIN = 8 // 0.4 s: ten times what an abort takes. Some controllers (1.9) lose one, and nobody looks at it again

export const argoRollouts = defineProvider({
  spec,
  connect(config, deps) {
    const kube = kubeOf(config, deps)
    const edge: Edge = { config, kube, versions: { kube, config, known: new Map() } }
    const counter = counterOf(config.counts, deps)
    return {
      async observe(target, io, wanted = []) {
        const here = await look(edge, target, io)
        if (target === STABLE) return observedStable(here, edge)
        for (const desired of wanted) refuseUnreachable(edge, here, desired as Split)
        return observed(here, edge)
      },
      write: (write, io) =>
        lookAndWrite(() =>
          write.target === STABLE
            ? writeStable(promotionOf(edge, write.target), write as Write<Stable>, io)
            : writeOnce(edge, write as Write<Split>, io),
        ),
      async confirm(request, io) {
        const here = await look(edge, request.target, io)
        const { promotable = false } = request.options as Partial<TrafficConfirmOptions>
        const amiss = promotable ? await unpromotable(here, edge, io) : null
        const behind = amiss?.why ?? notYet(here, request)
        return await confirmSplit({ request, behind, split: here.value, queries: config.counts, counter }, io)
      },
      async permits(target, io) {
        const words = await permitted(kube, rulesOf(config, { changed: [target], looked: [] }), io)
        const { rollout } = await look(edge, target, io)
        const doing = `trying to write the status of ${placeOf(config)} without effect`
        const patch = [{ op: 'add' as const, path: '/status/abort', value: rollout.status?.abort ?? false }]
        await tryOver({ kube, object: rollout, path: `${pathOf(config)}/status` }, { patch, doing }, io)
        return `${words}; a write of what is there was tried without effect`
      },
    }
  },
})

async function writeOnce(edge: Edge, write: Write<Split>, io: Io): Promise<void> {
  const { target, desired, seen } = write
  const { config, kube } = edge
  const here = await look(edge, target, io)
  const isBack = desired.new === 0
  if (isThere(here, desired) && (!isBack || isReverted(here, config)))
    return await overtake({ kube, object: here.rollout, path: pathOf(config) }, placeOf(config), io)
  const doing = `setting ${target} to ${JSON.stringify(desired)} in ${placeOf(config)}`
  // A controller on its way moves the value by itself: an abort is right wherever it has got to.
  if (write.before === undefined || !isBack) refuseOutdated(seen, observed(here, edge), doing)
  refuseUnreachable(edge, here, desired)
  if (isBack) await goBack(edge, { here, doing }, io)
  else await goForward(edge, { here, desired, doing }, io)
  await takenUp(
    {
      withinMs: TAKE_UP_MS_MAX,
      look: (each) => look(edge, target, each),
      isThere: (now) => isThere(now, desired),
      ...(isBack && {
        again: {
          everyLooks: LOOKS_UNTIL_AGAIN,
          send: (now: Look, each: Io) => goBack(edge, { here: now, doing }, each),
        },
      }),
    },
    io,
  )
}

/** What it has no step for, and what no step leads to any more or yet: so that a plan knows. */
function refuseUnreachable({ config }: Edge, { rollout, isOver }: Look, desired: Split): void {
  const why = isOver
    ? overWords(desired)
    : (unreachable(desired, rollout) ?? notBegun(config, rollout, desired))
  if (why !== null) throw failure('Rejected', `${placeOf(config)}: ${why}`)
}

function overWords(desired: Split): string | null {
  return desired.new === 100
    ? null
    : 'the new version is promoted: no abort leads back from there. The way back is an update to the old version'
}

function notBegun(config: Edge['config'], rollout: Look['rollout'], desired: Split): string | null {
  if (desired.new === 0 || isUpdating(rollout) || !isRead(rollout)) return null
  return `it is not on its way to the new version (${newWords(config)}): apply it, so that it waits at its first pause`
}
