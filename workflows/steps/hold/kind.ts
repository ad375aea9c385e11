// hold, as others see it: nothing happens, under watch.
import { isObject } from '../../json.ts'
import { formatDuration, milliseconds } from '../../quantities.ts'
import { defineKind } from '../kind.ts'

export const hold = defineKind<'hold'>({
  title: (spec) => `hold for ${formatDuration(milliseconds(spec.for))}`,
  connections: { 'journeys[].connection': 'probe' },
  changes: false,
  watched: 'throughout',
  needs: ({ journeys }) => ({
    journeys: journeys.map(({ connection, requests }) => ({ connection, requests, isWatched: true })),
  }),
  outline: (spec) => ({
    changes: [],
    back: 'changes nothing',
    shortestMs: milliseconds(spec.for),
    longestMs: milliseconds(spec.for) + milliseconds(spec.extend_max),
    decides: null,
  }),
  hurried: ({ journeys, ...fields }) => ({
    ...fields,
    for: '5s',
    ...(Array.isArray(journeys)
      ? { journeys: journeys.map((each) => (isObject(each) ? { ...each, every: '1s' } : each)) }
      : {}),
  }),
})
