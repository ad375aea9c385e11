// dns/sim: record sets of a zone of the simulated world, with authoritative answers and resolver caches as proof.
import type { Json } from '../../../workflows/json.ts'
import { sameJson } from '../../../workflows/json.ts'
import type { DnsPort, RRset } from '../../../workflows/ports/dns.ts'
import type { Confirmation, ConfirmRequest } from '../../../workflows/ports/target.ts'
import { milliseconds, percent, perSecond } from '../../../workflows/quantities.ts'
import { failure } from '../../failure.ts'
import { defineProvider } from '../../provider.ts'
import { ask, observe, write } from '../../sim/calls.ts'
import { NEGATIVE_TTL_SECONDS, authoritative, chainTtl, resolve } from '../../sim/resolvers.ts'
import { type Parts, place, placeRecord } from '../../sim/start.ts'
import type { WorldState } from '../../sim/state.ts'
import { advance } from '../../sim/time.ts'
import { enterWorld } from '../../sim/world.ts'
import { isInZone, spellTarget } from '../names.ts'
import {
  ABSENT,
  PLAIN_TYPES,
  canonicalRRset,
  describeRRset,
  joined,
  partsOf as setsOf,
  sortedRRset,
} from '../rrset.ts'
import { aliasFailure, canonicalOrConfig } from '../target.ts'
import { type SimDnsConfig, spec } from './schema.ts'

export const simDns = defineProvider({
  spec,
  connect(config, deps): DnsPort {
    const parts = partsOf(config)
    const enter = () => {
      const state = enterWorld(config.world, deps)
      place(state, parts)
      return state
    }
    enter() // the world is whole before the first look, so that a test can keep its beginning
    return {
      async observe(target, io) {
        const state = enter()
        const name = known(state, config, target)
        const seen = await observe(state, { port: 'dns', target: name }, io)
        const value = seen.value as RRset
        const facts =
          value.values.length === 0
            ? { negativeTtl: NEGATIVE_TTL_SECONDS }
            : { chainTtl: chainTtl(state, name) }
        return { ...seen, value, facts: { ...seen.facts, ...facts } }
      },
      async write({ target, desired, seen }, io) {
        const state = enter()
        const name = known(state, config, target)
        await write(state, { port: 'dns', target: name, desired: canonical(name, desired), seen }, io)
      },
      async confirm(request, io) {
        const state = enter()
        const target = known(state, config, request.target)
        const effect = () =>
          confirmed(state, { ...request, target, desired: canonical(target, request.desired) })
        const value = request.desired as unknown as Json
        return ask(state, { port: 'dns', verb: 'confirm', target, value, effect }, io)
      },
    }
  },
})

function confirmed(state: WorldState, { target, desired, options }: ConfirmRequest<RRset>): Confirmation {
  const truth = authoritative(state, target)
  let settled = sameJson(truth, desired)
  const lines = [`authoritative: ${describeRRset(truth)}`]
  for (const [server, held] of Object.entries(state.cells.get(`dns ${target}`)?.elsewhere ?? {})) {
    settled = false // it is one of the places that must answer alike
    lines.push(`${server}: ${describeRRset(held as RRset)}, still waiting for ${describeRRset(desired)}`)
  }
  for (const address of texts(options.resolvers)) {
    const answer = resolve(state, address, target)
    const isThere =
      sameJson(answer.values, desired.values) && (answer.values.length === 0 || answer.ttl <= desired.ttl)
    settled &&= isThere
    lines.push(
      `${address}: ${describeRRset(answer)}${isThere ? '' : `, still waiting for ${describeRRset(desired)}`}`,
    )
  }
  return { settled, lines }
}

/** The target in its one spelling. A record that does not exist yet is there as an empty set. */
function known(state: WorldState, config: SimDnsConfig, target: string): string {
  const { name, type } = spellTarget(target)
  if (type === '' || !isInZone(name, config.zone)) {
    throw failure(
      'Missing',
      `${target} is not a record of the zone ${config.zone} in the simulated world ${state.name}`,
    )
  }
  advance(state)
  const alias = setsOf(
    'CNAME',
    (state.cells.get(`dns ${name} CNAME`)?.value as RRset | undefined) ?? ABSENT,
  ).CNAME
  if (alias !== undefined && type !== 'CNAME') throw aliasFailure({ name, type }, alias.values)
  const value = type === 'CNAME' ? inItsPlace(state, name) : ABSENT
  placeRecord(state, `${name} ${type}`, value)
  return `${name} ${type}`
}

/** What a CNAME target is at first: the addresses of its name. From then on they are part of it. */
function inItsPlace(state: WorldState, name: string): RRset {
  const at = (type: 'A' | 'AAAA') => authoritative(state, `${name} ${type}`)
  return joined('CNAME', { A: at('A'), AAAA: at('AAAA') })
}

function canonical(target: string, rrset: RRset): RRset {
  const { name, type } = spellTarget(target)
  const plain = PLAIN_TYPES.find((one) => one === type)
  return canonicalOrConfig(
    { name, type },
    plain === undefined ? sortedRRset(rrset) : canonicalRRset(plain, rrset),
  )
}

function partsOf(config: SimDnsConfig): Parts {
  const records = Object.entries(config.records).map(([target, rrset]) => {
    const { name, type } = spellTarget(target)
    return [`${name} ${type}`, canonical(target, rrset)] as const
  })
  const resolvers = Object.entries(config.resolvers).map(([address, { min_ttl }]) => {
    return [address, { minTtlSeconds: milliseconds(min_ttl) / 1_000 }] as const
  })
  return {
    zones: { [config.zone]: Object.fromEntries(records) },
    resolvers: Object.fromEntries(resolvers),
    entries: config.clients.map((clients) => {
      const { name, type } = spellTarget(clients.record)
      const at = (side: 'old' | 'new') => clients[side].map((address) => [address, side] as const)
      const through = Object.entries(clients.through).map(
        ([address, share]) => [address, percent(share)] as const,
      )
      return {
        record: `${name} ${type}`,
        rps: perSecond(clients.rate),
        addresses: Object.fromEntries([...at('old'), ...at('new')]),
        through: Object.fromEntries(through),
      }
    }),
  }
}

function texts(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}
