// The list of runs as people read it.
import { expect, it } from 'vitest'
import { runTable } from '../../../client/output/run-table.ts'

it('names each run by as much of its id as --run needs', () => {
  const run = {
    service: 'orders',
    phase: 'ended',
    weight: 0,
    gate: null,
    outcome: 'restored',
    startedAt: '2026-03-01T10:00:00.000Z',
    endedAt: '2026-03-01T10:05:00.000Z',
    workflowId: 'cutover/orders',
    runId: '019ca2b0-1c80-7e7f-9d4e-4f6f0f6d3c11',
  }
  const look = { width: 100, color: false, now: Date.parse('2026-03-01T11:00:00.000Z') }
  const [head, row] = runTable([run], look)
  expect(head).toMatch(/RUN$/)
  expect(row?.trimEnd()).toMatch(/ 019ca2b0-1c80$/)
})
