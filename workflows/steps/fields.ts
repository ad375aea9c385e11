// Fields that several step kinds share in the runbook. zod: never imported by run.ts files except as types.
import { z } from 'zod'
import { WhenUnknown } from '../guards/schema.ts'
import { Duration, InARow, Name, Person, PositiveDuration, Rate, ShareOfAll } from '../scalars.ts'
import type { Json } from '../json.ts'
import { distinct, isSamePerson } from '../people.ts'

/** One connection, or several: changed in order, proven side by side, undone together. */
export function connections(about: string) {
  return z
    .union([Name, z.array(Name).min(1).superRefine(namedOnce)])
    .describe(`${about}; a list: changed in order, proven side by side, undone together`)
}

function namedOnce(names: string[], context: z.RefinementCtx): void {
  names.forEach((name, index) => {
    if (names.indexOf(name) === index) return
    context.addIssue({ code: 'custom', path: [index], message: `${name} is named twice` })
  })
}

/** Every step may say these. */
export const anyStep = {
  title: z
    .string()
    .min(1)
    .max(120)
    .optional()
    .describe('What people read in plan, status and the Temporal UI'),
  guards: z
    .array(Name)
    .optional()
    .describe('Watch only these guards during this step; default: all that apply'),
}

/** Steps that wait under watch. */
export const gated = {
  good: InARow.default('3 in a row').describe(
    'Consecutive good checks of every guard before the run goes forward',
  ),
  extend_max: Duration.default('30m').describe(
    'How much longer to wait for good checks and samples before asking a person',
  ),
}

/** Steps that move users are watched by a guard that acts, or say why not. A kind with this field is one that moves users. */
export const moving = {
  unwatched: z
    .string()
    .trim()
    .min(1)
    .max(500)
    .optional()
    .describe('Why no guard acts on this step; without a reason at least one must'),
}

/** Steps that shift traffic prove the effect by counted requests. */
export const counted = {
  samples: z
    .int()
    .min(0)
    .default(100)
    .describe('Requests to count before the share is believed; 0 = do not count'),
  tolerance: ShareOfAll.default('10%').describe(
    'Percentage points by which the counted share may differ; never more than half of the smaller share',
  ),
}

/** People who decide. */
export const decided = {
  people: z
    .union([z.literal('anyone'), z.array(Person).min(1)])
    .default('anyone')
    .describe('Who may approve'),
  quorum: z.int().min(1).default(1).describe('How many different people must approve'),
  expires: PositiveDuration.default('1h').describe('How long the question stays open'),
  on_expiry: z
    .enum(['unwind', 'hold'])
    .default('unwind')
    .describe('What happens when nobody answered in time'),
  self_approval: z.boolean().default(false).describe('Whether the person who started the run may approve'),
}

/** Of steps that have them: everybody is named once, and they are enough for the quorum. */
export function enoughPeople(
  { people, quorum }: { people: 'anyone' | string[]; quorum: number },
  context: z.RefinementCtx,
): void {
  if (people === 'anyone') return
  for (const [index, name] of people.entries()) {
    const first = people.findIndex((each) => isSamePerson(each, name))
    if (first === index) continue
    const message = `one person twice: ${name} is ${people[first]}, blanks and case make no difference`
    context.addIssue({ code: 'custom', path: ['people', index], message })
  }
  if (quorum <= distinct(people)) return
  const message = 'the quorum exceeds the number of people who may approve'
  context.addIssue({ code: 'custom', path: ['quorum'], message })
}

const JsonValue: z.ZodType<Json> = z.json()

/** What an answer must be. */
export const answered = {
  status: z.int().min(100).max(599).default(200),
  json: z.record(z.string(), JsonValue).optional().describe('Dotted path -> value it must have'),
  contains: z.string().min(1).optional(),
}

/** A token of RFC 9110, 5.6.2, without the odd signs. */
export const HeaderName = z.string().regex(/^[A-Za-z0-9_-]+$/, 'not the name of a header')

/** One request of a synthetic journey, and what its answer must be. */
export const Request = z
  .strictObject({
    name: z.string().min(1).optional().describe('What people read; default: method and path'),
    method: z.enum(['GET', 'HEAD', 'POST']).default('GET'),
    path: z
      .string()
      .regex(/^\//, 'a path starts with /')
      .describe('Path below the base URL of the connection'),
    headers: z
      .record(
        HeaderName,
        z.string().regex(/^[\t\x20-\x7e]*$/, 'not the text of a header: it is sent as it is'),
      )
      .optional()
      .describe('Sent with it; secrets belong into the connection'),
    body: JsonValue.optional().describe('JSON body of a POST'),
    expect: z.strictObject({ ...answered, latency_max: PositiveDuration.optional() }).prefault({}),
    deep: z.boolean().default(false).describe('Refuse a health check that names no dependency it looked at'),
  })
  .describe('One request of a synthetic journey')
export type Request = z.infer<typeof Request>

/** A journey repeated while a step waits. */
export const Journey = z.strictObject({
  connection: Name.describe('The probe connection to ask'),
  requests: z.array(Request).min(1).describe('Made one after the other; all must be good'),
  every: PositiveDuration.default('60s').describe('Time between journeys'),
  breach: InARow.default('3 in a row').describe('So many failed journeys in a row send the run back'),
  when_unknown: WhenUnknown,
})
export type Journey = z.infer<typeof Journey>

export const Warm = z.strictObject({
  urls: z.array(z.url()).min(1).describe('Requested one after the other, in turns'),
  rate: Rate.default('10/s').describe('Upper bound of requests'),
  rounds: z.int().min(1).max(10_000).default(1).describe('How often each URL is requested'),
  throttle: z.array(Name).default([]).describe('Guards: it waits while one of them is not good'),
})
export type Warm = z.infer<typeof Warm>
