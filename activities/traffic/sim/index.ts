// traffic/sim: split, mirror, cohort and stable version of one balancer of the simulated world.
import type { Json } from '../../../workflows/json.ts'
import type { Confirmation, ConfirmRequest } from '../../../workflows/ports/target.ts'
import { COHORT, SPLIT, STABLE, cohortOf, stableIs } from '../../../workflows/ports/traffic.ts'
import type {
  InFlight,
  Mirror,
  Split,
  Stable,
  TrafficConfirmOptions,
  TrafficPort,
  TrafficValue,
} from '../../../workflows/ports/traffic.ts'
import { percent, perSecond } from '../../../workflows/quantities.ts'
import { failure } from '../../failure.ts'
import { defineProvider } from '../../provider.ts'
import { ask, observe, write } from '../../sim/calls.ts'
import { place } from '../../sim/start.ts'
import type { Side, WorldState } from '../../sim/state.ts'
import { total } from '../../sim/timeline.ts'
import { counter, requestsUnderWay } from '../../sim/traffic.ts'
import { enterWorld } from '../../sim/world.ts'
import { confirmShare } from '../counted.ts'
import { provenWithout } from '../promotable.ts'
import { spec } from './schema.ts'

export const simTraffic = defineProvider({
  spec,
  connect(config, deps): TrafficPort {
    const start = {
      old: config.old,
      new: config.new,
      mirror: percent(config.mirror),
      memberShare: percent(config.member) / 100,
      rps: perSecond(config.rate),
    }
    const enter = () => {
      const state = enterWorld(config.world, deps)
      place(state, { balancers: { [config.balancer]: start } })
      return state
    }
    const named = (target: string) => `${config.balancer} ${target}`
    enter() // the world is whole before the first look, so that a test can keep its beginning
    return {
      async observe(target, io, wanted = []) {
        const seen = await observe(enter(), { port: 'traffic', target: named(target), wanted }, io)
        for (const desired of wanted) checked(target, desired)
        return { ...seen, value: seen.value as TrafficValue }
      },
      async write({ target, desired, seen }, io) {
        const value = checked(target, desired)
        const state = enter()
        const why = unwritable(state, config.balancer, { target, value })
        if (why !== null) throw failure('Rejected', `${named(target)}: ${why}`)
        await write(state, { port: 'traffic', target: named(target), desired: value, seen }, io)
      },
      inFlight(side, io) {
        const state = enter()
        const effect = () => inFlight(state, config.balancer, side)
        return ask(state, { port: 'traffic', verb: 'count', target: named(side), effect }, io)
      },
      confirm(request, io) {
        const state = enter()
        const target = named(request.target)
        const effect = () => confirmed(state, config.balancer, request)
        return ask(state, { port: 'traffic', verb: 'confirm', target, value: request.desired, effect }, io)
      },
    }
  },
})

function inFlight(state: WorldState, balancer: string, side: Side): InFlight {
  const { tunnels } = state.sides[side]
  const requests = requestsUnderWay(state, balancer, side)
  return { count: requests + tunnels, lines: [`${requests} requests`, `${tunnels} tunnels`] }
}

function confirmed(state: WorldState, balancer: string, request: ConfirmRequest): Confirmation {
  const count = (name: string) => total(state.timeline, name, state.cursor)
  const served = { old: count(counter.served(balancer, 'old')), new: count(counter.served(balancer, 'new')) }
  if (request.target === COHORT)
    return { settled: true, lines: ['it is proven by asking: see the journey of its step'] }
  if (request.target === 'mirror') {
    const copies = count(counter.mirrored(balancer))
    const { percent: newSharePercent } = request.desired as Mirror
    // Copies come on top of what is served: their complement is what was served and not copied.
    const counters = { old: [served.old + served.new - copies], new: [copies] }
    return confirmShare({ request, counters, newSharePercent })
  }
  const desired = request.desired as Split
  const { promotable = false, samples } = request.options as TrafficConfirmOptions
  if (promotable) {
    const why = unpromotable(state, balancer, stableIs('new'))
    if (why !== null || samples === 0) return provenWithout(why)
  }
  const newSharePercent = (desired.new / (desired.old + desired.new)) * 100
  return confirmShare({ request, counters: { old: [served.old], new: [served.new] }, newSharePercent })
}

/** What a balancer that promotes refuses, in words; null: nothing. */
function unwritable(
  state: WorldState,
  balancer: string,
  { target, value }: { target: string; value: Json },
): string | null {
  if (target === STABLE) return unpromotable(state, balancer, value as Stable)
  return target === SPLIT && (value as Split).old > 0 ? unpromotable(state, balancer, stableIs('old')) : null
}

/** Why the stable version cannot become this one, in words; null: it can. */
function unpromotable(state: WorldState, balancer: string, { stable }: Stable): string | null {
  const held = (target: string) => state.cells.get(`traffic ${balancer} ${target}`)?.value
  const isPromoted = (held(STABLE) as Stable | undefined)?.stable === 'new'
  if (stable === 'old')
    return isPromoted ? 'the new version is the stable one, and nothing leads back from there' : null
  const split = held(SPLIT) as Split | undefined
  return isPromoted || split?.old === 0 ? null : 'not all users are on the new side'
}

const WEIGHT_MAX = 256 // as in the schema

function checked(target: string, desired: Json): Json {
  const fields = desired as { [key: string]: Json }
  if (target === COHORT) {
    const { users } = fields
    if (Array.isArray(users) && users.every((one) => typeof one === 'string' && one !== ''))
      return cohortOf(users as string[])
    throw failure('Rejected', `${target}: ${JSON.stringify(desired)} is no list of users`)
  }
  if (target === STABLE) {
    if (fields.stable === 'old' || fields.stable === 'new') return stableIs(fields.stable)
    throw failure('Rejected', `${target}: ${JSON.stringify(desired)} is neither old nor new`)
  }
  const numbers = target === 'mirror' ? [fields.percent] : [fields.old, fields.new]
  const limit = target === 'mirror' ? 100 : WEIGHT_MAX
  if (!numbers.every((one) => typeof one === 'number' && one >= 0 && one <= limit)) {
    throw failure('Rejected', `${target}: ${JSON.stringify(desired)} is not within 0 and ${limit}`)
  }
  if (target === 'mirror') return { percent: fields.percent as number }
  if (fields.old === 0 && fields.new === 0) {
    throw failure('Rejected', `${target}: refused to leave no side with a weight, every request would fail`)
  }
  return { old: fields.old as number, new: fields.new as number }
}
