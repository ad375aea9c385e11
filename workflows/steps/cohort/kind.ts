// cohort, as others see it: one change of who is led to the new side by name, held.
import { COHORT, cohortOf } from '../../ports/traffic.ts'
import { isObject } from '../../json.ts'
import type { PlannedStep } from '../../plan.ts'
import { milliseconds } from '../../quantities.ts'
import type { Request } from '../fields.ts'
import { defineKind } from '../kind.ts'

type Spec = PlannedStep<'cohort'>['spec']

const ASKED_MAX = 5 // members in each look: the first, the last, and some between

export const cohort = defineKind<'cohort'>({
  title: ({ members: { length }, connection }) =>
    `cohort of ${length} ${length === 1 ? 'member' : 'members'} on ${connection}`,
  connections: { connection: 'traffic', 'proof.connection': 'probe' },
  changes: true,
  watched: 'throughout',
  moves: () => [], // no share of the users: they are named, and watched like any others
  tellsUsersBy: ({ connection, proof: { header, cookie } }) => ({
    connection,
    sign: header === undefined ? { cookie } : { header },
    path: ['proof', header === undefined ? 'cookie' : 'header'],
    field: COHORT,
  }),
  needs: ({ proof }) => ({
    journeys: [{ connection: proof.connection, requests: [asStranger(proof)], isWatched: true }],
  }),
  outline: ({ connection, members, hold, extend_max }) => ({
    changes: [{ connection, target: COHORT, desired: cohortOf(members) }],
    back: 'the cohort as recorded before, in one write',
    shortestMs: milliseconds(hold),
    longestMs: milliseconds(hold) + milliseconds(extend_max),
    decides: null,
  }),
  hurried: ({ proof = {}, ...fields }, { hold }) => ({
    ...fields,
    hold,
    proof: { ...(isObject(proof) ? proof : {}), every: '1s' },
  }),
})

/** Some members, who are to be answered by the new side, and a stranger, who is not. */
export function questions({ members, proof }: Spec): Request[] {
  const step = Math.max(1, (members.length - 1) / (ASKED_MAX - 1))
  const asked = Array.from(
    { length: Math.min(ASKED_MAX, members.length) },
    (_, index) => members[Math.round(index * step)] as string,
  )
  return [...asked.map((member) => asking(proof, { who: member, side: 'new' })), asStranger(proof)]
}

function asStranger(proof: Spec['proof']): Request {
  return asking(proof, { who: proof.stranger, side: 'old' })
}

function asking(
  { path, header, cookie, old, new: fresh }: Spec['proof'],
  { who, side }: { who: string; side: 'old' | 'new' },
): Request {
  const headers = header === undefined ? { cookie: `${cookie}=${who}` } : { [header]: who }
  return {
    name: `${who}, by the ${side} side`,
    method: 'GET',
    path,
    headers,
    expect: side === 'old' ? old : fresh,
    deep: false,
  }
}
