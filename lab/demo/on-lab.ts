// The demo on the lab: two balancers, two name servers, two fleets. Act 1 moves everything that a service has.
import { openStage } from '../stage/stage.ts'
import { type Act, type Ended, type Programme, breach, killed, showPlan, underLoad } from './acts.ts'
import type { Story } from './story.ts'

const RATE = 400 // requests per second: every share is visible, and two cores stay free for the servers

type Stage = Awaited<ReturnType<typeof openStage>>

export async function openLabProgramme(story: Story): Promise<Programme> {
  story.say(
    'Starting real servers on loopback: Temporal, HAProxy, Envoy, BIND, PowerDNS, Unbound, Prometheus, two fleets ...',
  )
  const stage = await openStage({
    hear: ({ title, level }) => level === 'ask' || story.say(`channel: ${title}`),
  })
  const { worker, cli, environment, lab, start, look, reset } = stage
  const back = (service: string) => ({
    service,
    file: stage.runbook('orders-canary', { service, edge: 'haproxy', hold: '5s' }),
    url: lab.addresses.haproxy.url,
  })
  return {
    ground: {
      worker,
      cli,
      fleets: lab.fleets,
      ratePerSecond: RATE,
      start,
      look,
      reset,
      parts: 'weights, records and instances',
    },
    environment,
    uiUrl: lab.addresses.temporal.uiUrl,
    acts: {
      1: (act) => forward(act, stage),
      2: (act) => breach(act, back('orders-back')),
      3: (act) => killed(act, back('orders-killed')),
    },
    close: () => stage.close(),
  }
}

async function forward(act: Act, stage: Stage): Promise<Ended> {
  const { playing, tally } = act
  playing.story.act(1, 'there', [
    `orders moves from old to new: examples/orders.yaml on real servers, hours made seconds, ${RATE} requests per second`,
    'check, pre-warm, lower the TTL, ask, shadow, 5 -> 25 -> 50 -> 100 %, repoint, hold, decommission',
  ])
  const file = stage.runbook('orders', { service: 'orders', edge: 'envoy', hold: '3s' })
  await showPlan(act, file)
  const { envoy, haproxy } = stage.lab.addresses
  const ended = await underLoad(act, { service: 'orders', file, url: envoy.url }, [])
  const world = await stage.look()
  tally.check(ended.view.outcome === 'completed', `the run ended ${ended.view.outcome}`)
  tally.check(
    world.envoy.new === 100 && world.envoy.mirror === 0,
    'all traffic is on the new side, nothing is mirrored',
  )
  const { bind } = world
  tally.check(
    bind.ttl === stage.start.bind.ttl && bind.values[0] === haproxy.entries.new,
    `api.example.test points to the new entry, its TTL is ${bind.ttl} s again`,
  )
  tally.check(world.capacity.old === 0, 'the old side has been taken down')
  return ended
}
