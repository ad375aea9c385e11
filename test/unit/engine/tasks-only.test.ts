// Which activations of a run are of a workflow task, by what the server tells with each.
import { expect, test } from 'vitest'
import { type Activation, notOfATask } from '../../../workflows/tasks-only.ts'

const task = (historyLength: number, historySize: number): Activation => ({
  historyLength,
  historySize,
  isReplaying: false,
  query: 'none',
})
const replayed = (...of: Parameters<typeof task>): Activation => ({ ...task(...of), isReplaying: true })
const alone = (...of: Parameters<typeof task>): Activation => ({ ...replayed(...of), query: 'alone' })
const within = (...of: Parameters<typeof task>): Activation => ({
  ...replayed(...of),
  query: 'within a task',
})

const OK = false
const REFUSED = true

test.each<[string, [Activation, boolean][]]>([
  [
    'tasks one after the other',
    [
      [task(3, 2732), OK],
      [task(9, 6181), OK],
      [task(18, 7071), OK],
    ],
  ],
  [
    'several activations of one task',
    [
      [task(9, 6181), OK],
      [task(9, 6181), OK],
      [task(18, 7071), OK],
    ],
  ],
  [
    'queries between tasks',
    [
      [task(3, 2732), OK],
      [alone(3, 2732), OK],
      [task(9, 6181), OK],
      [alone(9, 6181), OK],
    ],
  ],
  [
    'events that only a query has brought, and those after it was refused',
    [
      [task(9, 6181), OK],
      [task(14, 6181), REFUSED],
      [alone(14, 6181), OK],
      [task(14, 6181), REFUSED],
    ],
  ],
  [
    'taken up from the history by a question',
    [
      [replayed(3, 2732), OK],
      [replayed(9, 6181), OK],
      [alone(9, 6181), OK],
      [task(14, 7071), OK],
      [alone(14, 7071), OK],
    ],
  ],
  [
    'taken up by a question that brings what a dead worker has begun',
    [
      [replayed(9, 6181), OK],
      [task(14, 7071), OK],
      [task(14, 7071), OK],
      [alone(14, 7071), REFUSED],
    ],
  ],
  [
    'taken up by a task that looks the same; asked after the next one',
    [
      [replayed(9, 6181), OK],
      [task(14, 7071), OK],
      [task(18, 8102), OK],
      [alone(18, 8102), OK],
    ],
  ],
  [
    'taken up by a task that brings its own query',
    [
      [replayed(9, 6181), OK],
      [task(14, 7071), OK],
      [within(14, 7071), OK],
      [alone(14, 7071), OK],
    ],
  ],
  [
    'a server that tells no size',
    [
      [replayed(3, 0), OK],
      [task(9, 0), OK],
      [alone(9, 0), REFUSED],
    ],
  ],
])('%s', (_what, activations) => {
  const isRefused = notOfATask()
  expect(activations.map(([activation]) => isRefused(activation))).toEqual(
    activations.map(([, told]) => told),
  )
})
