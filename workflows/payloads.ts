// How a run reads what is sent to it. A message that cannot be read becomes a value that says so: as an exception it would
// fail every workflow task from then on, and the run would hear nothing any more, no abort either.
import { type Payload, type PayloadConverter, defaultPayloadConverter, str } from '@temporalio/common'

const WHY_MAX = 100 // what a stranger wrote into the metadata of a message

const unreadable = Symbol('unreadable')

/** Stands for a value that could not be read. Nothing that is sent as JSON can look like it. */
export type Unreadable = { readonly [unreadable]: string }

/** Why a value could not be read: `encoding binary/encrypted`; null = it could. */
export function unreadableBecause(value: unknown): string | null {
  return typeof value === 'object' && value !== null && unreadable in value
    ? (value as Unreadable)[unreadable]
    : null
}

/** Found by its name: the bundle puts it in the place of the SDK's own. */
export const payloadConverter: PayloadConverter = {
  toPayload: (value, context, hint) => defaultPayloadConverter.toPayload(value, context, hint),
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- as the SDK's interface has it
  fromPayload<T>(...[payload, context, hint]: Parameters<PayloadConverter['fromPayload']>): T {
    try {
      return defaultPayloadConverter.fromPayload<T>(payload, context, hint as never)
    } catch (error) {
      // The answer of an activity is a worker's own: one that cannot be read must never be taken for an answer.
      if (context?.type === 'activity') throw error
      return { [unreadable]: why(payload) } satisfies Unreadable as T
    }
  },
}

function why({ metadata, data }: Payload): string {
  const encoding = metadata?.['encoding']
  if (encoding === null || encoding === undefined || encoding.length === 0)
    return 'it does not say its encoding'
  const name = str(encoding.slice(0, WHY_MAX)).replaceAll(/[^\x20-\x7e]/g, '?')
  if (name !== 'json/plain') return `encoding ${name}`
  return data === null || data === undefined || data.length === 0
    ? 'it is empty'
    : 'it is not the JSON that it says it is'
}
