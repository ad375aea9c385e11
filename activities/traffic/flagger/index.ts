// Shares requests by a Canary of Flagger: forward, an order is left on the Canary, from which workers answer Flagger's gates, and
// Flagger moves; back, the route is written as well, so that users do not wait for Flagger, nor for one that is down.
import type { Io, Write } from '../../../workflows/ports/target.ts'
import {
  STABLE,
  type Split,
  type Stable,
  type TrafficConfirmOptions,
} from '../../../workflows/ports/traffic.ts'
import { matches } from '../../../workflows/json.ts'
import { failure } from '../../failure.ts'
import { exchange } from '../../http.ts'
import { kubeOf } from '../../kubernetes/client.ts'
import {
  type Stored,
  lookAndWrite,
  overtake,
  refuseOutdated,
  sendOver,
  tryOver,
} from '../../kubernetes/over.ts'
import { ownersOf } from '../../kubernetes/owners.ts'
import { permitted } from '../../kubernetes/permits.ts'
import { writeStable } from '../../kubernetes/promote.ts'
import { takenUp } from '../../kubernetes/take-up.ts'
import { type Deps, defineProvider } from '../../provider.ts'
import { confirmSplit, counterOf } from '../queried.ts'
import { pathOf as pathOfGate } from './gates.ts'
import { unfit, unreachable } from './fitness.ts'
import { type Edge, type Look, isThere, look, pathOf, placeOf, seenIn } from './look.ts'
import { type Order, orderFor, orderPatch } from './order.ts'
import { lookAtBoth, promotionOf, seenStable, unpromotable } from './promotion.ts'
import { notYet } from './proof.ts'
import { pathOfRoute } from './route.ts'
import { type FlaggerConfig, namesOf, rulesOf, spec } from './schema.ts'

const TAKE_UP_MS_MAX = 1_000 // forward it takes intervals of ten seconds at least; that it is late is for the next look to say
const BACK: Split = { old: 100, new: 0 }
const GATE_MS_MAX = 2_000
const GATE_BYTES_MAX = 1_024

export const flagger = defineProvider({
  spec,
  connect(config, deps) {
    const edge: Edge = { config, kube: kubeOf(config, deps) }
    const counter = counterOf(config.counts, deps)
    return {
      async observe(target, io, wanted = []) {
        if (target === STABLE) return seenStable(await lookAtBoth(edge, target, io), config)
        const here = await look(edge, target, io)
        refuseUnfit(edge, here, wanted as Split[])
        const cautions = cautionsOf(edge, here)
        return { ...seenIn(here, config), ...(cautions.length === 0 ? {} : { cautions }) }
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
        const amiss = promotable ? unpromotable(here, config) : null
        const behind = amiss?.why ?? notYet(here, request)
        return await confirmSplit({ request, behind, split: here.value, queries: config.counts, counter }, io)
      },
      async permits(target, io) {
        const words = await permitted(edge.kube, rulesOf(config, { changed: [target], looked: [] }), io)
        await tried(edge, target, io)
        await gatesAnswer(config, deps, io)
        return `${words}; writes of what is there were tried without effect; the gates at ${config.gates} answer`
      },
    }
  },
})

async function writeOnce(edge: Edge, { target, desired, seen }: Write<Split>, io: Io): Promise<void> {
  const { config } = edge
  const here = await look(edge, target, io)
  if (isThere(here, desired)) return await overtake(storedCanary(edge, here), placeOf(config), io)
  const doing = `setting ${target} to ${JSON.stringify(desired)} by ${placeOf(config)}`
  refuseOutdated(seen, seenIn(here, config), doing)
  const from = here.value.new
  const why = unwritable(desired) ?? unreachable(here, { from, to: desired.new })
  if (why !== null) throw failure('Rejected', `${doing}: ${why}`)
  if (desired.new > 0) {
    const amiss = unfit(here.canary, config)
    if (amiss.length > 0) throw failure('Rejected', `${doing}: ${amiss.join('; ')}`)
    await sendOver(
      storedCanary(edge, here),
      { patch: ordered(here, config, { from, to: desired.new }), doing },
      io,
    )
  } else await leadBack(edge, here, { doing, io })
  await takenUp(
    {
      withinMs: TAKE_UP_MS_MAX,
      look: (each) => look(edge, target, each),
      isThere: (now) => isThere(now, desired),
    },
    io,
  )
}

/** The gates first, so that nothing goes up again; the route whatever became of them, since that is where users are. */
async function leadBack(edge: Edge, here: Look, { doing, io }: { doing: string; io: Io }): Promise<void> {
  const { config, kube } = edge
  const { order, route, stored } = here
  // What may still come: values of this run, where they are known.
  const from = order === null ? Math.min(100, Math.ceil(route.weight)) : Math.max(order.from, order.to)
  const patch = ordered(here, config, { from, to: 0 })
  const closed = await sendOver(storedCanary(edge, here), { patch, doing }, io).then(
    () => null,
    (error: unknown) => ({ error }),
  )
  if (!matches(route.split, BACK))
    await sendOver(
      { kube, object: stored, path: pathOfRoute(config) },
      {
        patch: route.patchTo(BACK),
        doing: `${doing}, in ${namesOf(config).kind} ${config.namespace}/${namesOf(config).route}`,
      },
      io,
    )
  if (closed !== null) throw closed.error
}

function ordered(here: Look, { mesh }: FlaggerConfig, { from, to }: Pick<Order, 'from' | 'to'>) {
  return orderPatch(here.canary, orderFor(here, { from, to, mesh }))
}

function storedCanary({ config, kube }: Edge, { canary }: Look): Stored {
  return { kube, object: canary, path: pathOf(config) }
}

function unwritable({ old, new: fresh }: Split): string | null {
  if (Number.isInteger(fresh) && fresh >= 0 && fresh <= 100 && old + fresh === 100) return null
  return 'Flagger takes whole percents only, 100 in all'
}

/** Everything that a plan can know: that the Canary can be led, and every weight in turn be reached. */
function refuseUnfit({ config }: Edge, here: Look, wanted: Split[]): void {
  const forward = wanted.filter((each) => each.new > 0).toSorted((one, other) => one.new - other.new)
  if (forward.length === 0) return
  const why: (string | null)[] = [...unfit(here.canary, config), ...forward.map(unwritable)]
  let from = here.value.new
  if (from > 0 && forward.some((each) => each.new !== from))
    why.push(
      `${from} % are on the new side already: a run has to begin at 0 %, the only weight that Flagger goes back to`,
    )
  else
    for (const { new: to } of forward) {
      const reason = unreachable(here, { from, to })
      why.push(reason)
      if (reason !== null) break
      from = to
    }
  const reasons = why.filter((each) => each !== null)
  if (reasons.length > 0) throw failure('Rejected', `${placeOf(config)}: ${reasons.join('; ')}`)
}

function cautionsOf({ config }: Edge, { canary, stored, isGone }: Look): string[] {
  const phase = canary.status?.phase ?? 'none'
  return [
    ...unfit(canary, config),
    ...(isGone
      ? [`Flagger has promoted this revision, or is at it (phase ${phase}): nothing leads back`]
      : []),
    ...ownersOf(stored, 'weights').filter((words) => !/^(Flagger|the controller of Canary) /.test(words)),
  ]
}

/** The way back without effect: the API server checks writes of what is there, and keeps nothing. */
async function tried(edge: Edge, target: string, io: Io): Promise<void> {
  const here = await look(edge, target, io)
  const { config, kube } = edge
  const doing = `trying to set ${target} by ${placeOf(config)} without effect`
  const order = ordered(here, config, { from: 0, to: 0 })
  await tryOver(storedCanary(edge, here), { patch: order, doing }, io)
  const patch = here.route.patchTo(here.route.split)
  await tryOver({ kube, object: here.stored, path: pathOfRoute(config) }, { patch, doing }, io)
}

/** From here, and not from where Flagger is: but what nobody answers here is answered nowhere. */
async function gatesAnswer({ gates, ...of }: FlaggerConfig, deps: Deps, io: Io): Promise<void> {
  const url = `${gates.replace(/\/$/, '')}${pathOfGate({ ...of, gate: 'confirm-promotion' })}`
  const what = `asking the gate ${url} as Flagger does`
  const { status, body } = await exchange(deps.fetch, {
    what,
    url,
    init: { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' },
    signal: io.signal,
    timeoutMs: GATE_MS_MAX,
    bytesMax: GATE_BYTES_MAX,
  })
  if ((status === 200 && body === 'open\n') || (status === 403 && body === 'closed\n')) return
  throw failure(
    'Config',
    `${what}: ${status}: no worker that answers gates; set CUTOVER_FLAGGER_ADDRESS where the workers run`,
  )
}
