// Which activations of a run have a workflow task, by what the server tells with each.
import { expect, test } from 'vitest'
import { type Activation, taskLess } from '../../../workflows/tasks-only.ts'

const task = (historyLength: number, historySize: number): Activation => ({
  historyLength,
  historySize,
  isQuery: false,
})
const query = (historyLength: number, historySize: number): Activation => ({
  ...task(historyLength, historySize),
  isQuery: true,
})

test.each<[string, Activation[], boolean[]]>([
  ['tasks one after the other', [task(3, 2732), task(9, 6181), task(18, 7071)], [false, false, false]],
  ['several activations of one task', [task(9, 6181), task(9, 6181), task(18, 7071)], [false, false, false]],
  [
    'events that only a query has brought',
    [task(9, 6181), task(14, 6181), query(14, 6181)],
    [false, true, false],
  ],
  ['after a refused one', [task(9, 6181), task(14, 6181), task(14, 6181)], [false, true, true]],
  ['queries between tasks', [task(3, 2732), query(3, 2732), task(9, 6181)], [false, false, false]],
  ['a server that tells no size', [task(3, 0), task(9, 0), task(14, 0)], [false, false, false]],
])('%s', (_what, activations, expected) => {
  const isTaskLess = taskLess()
  expect(activations.map(isTaskLess)).toEqual(expected)
})
