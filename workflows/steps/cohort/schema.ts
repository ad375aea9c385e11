// cohort: named users go first, before any share of the others.
import { z } from 'zod'
import { Duration, InARow, Name, PositiveDuration } from '../../scalars.ts'
import { HeaderName, answered, anyStep, gated, moving } from '../fields.ts'

const MEMBERS_MAX = 500 // all of them are kept with every change of the run

// Maps and match rules of proxies take it as one word.
const Member = z
  .string()
  .regex(
    /^[A-Za-z0-9._@:/+=-]{1,128}$/,
    'a member is one word: letters, digits, and the signs . _ @ : / + = -',
  )

const Answer = z
  .strictObject(answered)
  .refine(({ json, contains }) => json !== undefined || contains !== undefined, {
    message: 'a status alone tells no side: say what its answer has, as json or contains',
  })

const Proof = z
  .strictObject({
    connection: Name.describe('The probe connection that asks the edge as users do'),
    path: z.string().regex(/^\//, 'a path starts with /').default('/').describe('What is asked'),
    header: HeaderName.optional().describe('The header that says who asks'),
    cookie: HeaderName.optional().describe('The cookie that says who asks'),
    stranger: Member.default('cutover-stranger').describe('Somebody who is no member'),
    old: Answer.describe('What an answer of the old side has'),
    new: Answer.describe('What an answer of the new side has'),
    every: PositiveDuration.default('10s').describe('Time between questions'),
    breach: InARow.default('3 in a row').describe('So many wrong answers in a row send the run back'),
  })
  .refine(({ header, cookie }) => (header === undefined) !== (cookie === undefined), {
    message: 'say by which header or by which cookie users are told apart: one of them',
    path: ['header'],
  })
  .refine(({ old, new: fresh }) => JSON.stringify(old) !== JSON.stringify(fresh), {
    message: 'both sides would answer alike: this proves nothing',
    path: ['new'],
  })

export const Cohort = z
  .strictObject({
    ...anyStep,
    ...moving,
    connection: Name.describe('The traffic connection; its provider must be able to lead a cohort'),
    members: z.array(Member).min(1).max(MEMBERS_MAX).describe('Who goes first: tenants, users, employees'),
    hold: Duration.default('15m').describe('How long they are on the new side alone, at least'),
    proof: Proof.describe('Asked as a member and as a stranger: who answers'),
    ...gated,
  })
  .superRefine(({ members, proof }, context) => {
    if (!members.includes(proof.stranger)) return
    const message = `${proof.stranger} is a member: it cannot ask as a stranger`
    context.addIssue({ code: 'custom', path: ['proof', 'stranger'], message })
  })
  .describe('Lead named users to the new side before any share of the others, held under watch')
export type Cohort = z.infer<typeof Cohort>
