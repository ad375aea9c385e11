// repoint, as others see it: new values under the TTL that is in force; it waits until that has run out for the old ones.
import { sameJson } from '../../json.ts'
import type { PlannedStep, ValueOf } from '../../plan.ts'
import type { RRset } from '../../ports/dns.ts'
import { milliseconds } from '../../quantities.ts'
import { absent } from '../absent.ts'
import { cachedMs } from '../cached.ts'
import { defineKind } from '../kind.ts'
import { targetsAt } from '../several.ts'

type Spec = PlannedStep<'repoint'>['spec']
type Of = { connection: string; target: string }

export const CREATED = ', or write `create: true` on the step if it is to be created'
const CREATED_TTL_SECONDS = 60 // short, because a record that has just been made may have to go again

export const repoint = defineKind<'repoint'>({
  title: ({ records }) => `repoint ${Object.keys(records).join(', ')}`,
  connections: { connection: 'dns' },
  changes: true,
  watched: 'throughout',
  recordSets: 'records',
  moves: (spec) =>
    targetsOf(spec).map((of) => ({
      ...of,
      share: null,
      path: ['records', of.target],
      isNew: spec.create,
      ...(spec.serves === undefined ? {} : { serves: spec.serves }),
    })),
  needs: ({ resolvers }) => ({ resolvers }),
  outline(spec, seen) {
    const targets = targetsOf(spec)
    const cached = targets.filter((of) => isMoving(of, spec, seen)).map((of) => cachedMs(of, seen))
    const waitMs = cached.length === 0 ? 0 : Math.max(...cached) + milliseconds(spec.margin)
    const shortestMs = waitMs + milliseconds(spec.hold) + milliseconds(spec.margin)
    return {
      problems: spec.create ? [] : absent(targets, { hint: CREATED }, seen),
      changes: targets.map((of) => {
        const rrset = seen(of.connection, of.target) as RRset | undefined
        const values = spec.records[of.target] ?? []
        return { ...of, desired: rrset === undefined ? null : repointed(values, rrset) }
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

/** Every record set at every connection, in the order in which they are changed. */
export function targetsOf({ connection, records }: Pick<Spec, 'connection' | 'records'>): Of[] {
  return targetsAt(connection, Object.keys(records))
}

/** False = it already is as it is to be, and no cache holds anything else. Not looked at: nothing is known. */
function isMoving({ connection, target }: Of, { records }: Spec, seen: ValueOf): boolean {
  const rrset = seen(connection, target) as RRset | undefined
  return rrset !== undefined && !sameJson(rrset, repointed(records[target] ?? [], rrset))
}

/** Values in the order providers report them; one that did not exist starts with a short TTL. */
export function repointed(values: string[], rrset: RRset): RRset {
  return { ttl: rrset.values.length === 0 ? CREATED_TTL_SECONDS : rrset.ttl, values: [...values].sort() }
}
