// repoint, as others see it: new values under the TTL that is in force.
import type { RRset } from '../../ports/dns.ts'
import { milliseconds } from '../../quantities.ts'
import { absent } from '../absent.ts'
import { defineKind } from '../kind.ts'

export const CREATED = ', or write `create: true` on the step if it is to be created'
const CREATED_TTL_SECONDS = 60 // short, because a record that has just been made may have to go again

export const repoint = defineKind<'repoint'>({
  title: ({ records }) => `repoint ${Object.keys(records).join(', ')}`,
  connections: { connection: 'dns' },
  changes: true,
  watched: 'throughout',
  recordSets: 'records',
  moves: ({ connection, records, create }) =>
    Object.keys(records).map((target) => ({
      connection,
      target,
      share: null,
      path: ['records', target],
      isNew: create,
    })),
  needs: ({ resolvers }) => ({ resolvers }),
  outline(spec, seen) {
    const { connection } = spec
    const shortestMs = milliseconds(spec.hold) + milliseconds(spec.margin)
    const targets = Object.keys(spec.records)
    return {
      problems: spec.create ? [] : absent({ connection, targets, hint: CREATED }, seen),
      changes: Object.entries(spec.records).map(([target, values]) => {
        const rrset = seen(connection, target) as RRset | undefined
        return { connection, target, desired: rrset === undefined ? null : repointed(values, rrset) }
      }),
      back: 'values as recorded before; clients follow within the TTL',
      shortestMs,
      longestMs: shortestMs + milliseconds(spec.within) + milliseconds(spec.extend_max),
      decides: null,
    }
  },
  hurried: (fields, { record, newAddress, resolver }) => ({
    ...fields,
    records: { [record]: [newAddress] },
    hold: '2s',
    resolvers: [resolver],
    margin: '1s',
  }),
})

/** Values in the order providers report them; one that did not exist starts with a short TTL. */
export function repointed(values: string[], rrset: RRset): RRset {
  return { ttl: rrset.values.length === 0 ? CREATED_TTL_SECONDS : rrset.ttl, values: [...values].sort() }
}
