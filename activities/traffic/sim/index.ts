// traffic/sim: split, mirror and cohort of one balancer of the simulated world.
import type { Json } from '../../../workflows/json.ts'
import type { Confirmation, ConfirmRequest } from '../../../workflows/ports/target.ts'
import { COHORT, cohortOf } from '../../../workflows/ports/traffic.ts'
import type { InFlight, Mirror, Split, TrafficPort, TrafficValue } from '../../../workflows/ports/traffic.ts'
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
        return { ...seen, value: seen.value as TrafficValue }
      },
      async write({ target, desired, seen }, io) {
        const value = checked(target, desired)
        await write(enter(), { port: 'traffic', target: named(target), desired: value, seen }, io)
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
  const newSharePercent = (desired.new / (desired.old + desired.new)) * 100
  return confirmShare({ request, counters: { old: [served.old], new: [served.new] }, newSharePercent })
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
