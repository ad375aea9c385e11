// zod forms of the quantities of a runbook. They check and keep the written form; quantities.ts turns it into numbers.
import { z } from 'zod'
import { personKey } from './people.ts'
import {
  DURATION,
  IN_A_ROW,
  RATE,
  SHARE,
  SHARE_OR_DURATION,
  TIME_UNITS,
  type TimeUnit,
  milliseconds,
  percent,
} from './quantities.ts'

export const Duration = z
  .string()
  .regex(DURATION, 'not a duration: write a number and a unit, such as 30s, 5m, 24h or 7d')
  .meta({
    id: 'Duration',
    description: 'A duration: 500ms, 30s, 5m, 1h30m, 7d',
    examples: ['30s', '5m', '24h'],
  })

export const PositiveDuration = Duration.refine((text) => !DURATION.test(text) || milliseconds(text) > 0, {
  message: 'must be longer than zero',
})

export const Share = z
  .string()
  .regex(SHARE, 'not a share: write a number and a percent sign, such as 5% or 0.5%')
  .meta({ id: 'Share', description: 'A share in percent', examples: ['5%', '0.5%'] })

export const ShareOfAll = Share.refine((text) => !SHARE.test(text) || percent(text) <= 100, {
  message: 'a share of the whole cannot exceed 100%',
})

export const Rate = z
  .string()
  .regex(RATE, 'not a rate: write a number per s, m or h, such as 20/s')
  .meta({ id: 'Rate', description: 'Events per second, minute or hour', examples: ['20/s'] })

export const InARow = z
  .string()
  .regex(IN_A_ROW, 'not a count in a row: write it as "3 in a row"')
  .meta({ id: 'InARow', description: 'Consecutive checks', examples: ['3 in a row'] })

export const Limit = z
  .union([z.number(), z.string().regex(SHARE_OR_DURATION)], {
    error: 'not a limit: write a number, a share such as 0.5%, or a duration such as 800ms',
  })
  .meta({
    id: 'Limit',
    description:
      'A limit: a number in the unit of its query, a share (of 1), or a duration (of a query in seconds, or in `unit`)',
  })

export type Limit = z.infer<typeof Limit>

export const Unit = z.enum(Object.keys(TIME_UNITS) as [TimeUnit, ...TimeUnit[]])

export const Name = z
  .string()
  .regex(
    /^[a-z][a-z0-9_-]{0,62}$/,
    'a name is lower case letters, digits, dashes and underscores, and starts with a letter',
  )
  .meta({
    id: 'Name',
    description: 'A name: lower case letters, digits, dashes, underscores',
    examples: ['edge'],
  })

export const Person = z
  .string()
  .min(1)
  .max(128)
  .refine((name) => name === '' || personKey(name) !== '', {
    message: 'a name that is empty when it is trimmed',
  })
  .meta({ id: 'Person', description: 'A person, as the CLI names them', examples: ['ana'] })
