// Facts about what stands in the way of a run become what an operator can do: commands to copy, exit codes, names for scripts.
import { describe, expect, it } from 'vitest'
import { documentOfProblem } from '../../../client/problem.ts'
import { problemOfTrouble } from '../../../client/run/trouble-problem.ts'
import { RunTrouble, type Trouble } from '../../../view/trouble.ts'

const told = (facts: Trouble, cause?: unknown) =>
  documentOfProblem(problemOfTrouble(new RunTrouble(facts, { what: 'so it is', why: 'because', cause })))

describe('what stands in the way of a run', () => {
  it('is told with the commands that help, and by a name for scripts', () => {
    expect(told({ code: 'ended', service: 'orders', runId: 'r1', outcome: 'restored' })).toEqual({
      error: {
        what: 'so it is',
        why: 'because',
        todo: ['cutover status orders', 'cutover report orders'],
        exitCode: 1,
        code: 'ended',
        service: 'orders',
        runId: 'r1',
        outcome: 'restored',
      },
    })
    const gates = [{ id: 's02-approve', allows: ['approve' as const, 'abort' as const] }]
    expect(told({ code: 'no-gate', service: 'orders', verdict: 'retry', gates })).toMatchObject({
      error: { todo: ['gate s02-approve is answered by approve, abort', 'cutover status orders'], gates },
    })
  })

  it('is wrong use where a choice is missing', () => {
    const meant = Array.from({ length: 7 }, (_, number) => `01a2-${number}`)
    expect(told({ code: 'ambiguous-run', service: 'orders', runId: '01a2', meant })).toMatchObject({
      error: {
        exitCode: 2,
        todo: ['--run 01a2-0', '--run 01a2-1', '--run 01a2-2', '--run 01a2-3', '--run 01a2-4'],
      },
    })
    const gates = [{ id: 'a', title: 'first' }]
    expect(told({ code: 'several-gates', service: 'orders', gates })).toMatchObject({
      error: { exitCode: 2, todo: ['--gate a   first'] },
    })
  })

  it('is what the server said, where a decision did not reach it, and how to say it from anywhere else', () => {
    const lost = Object.assign(new Error('14 UNAVAILABLE'), {
      code: 14,
      details: 'connection dropped',
      metadata: {},
    })
    const facts = {
      code: 'not-sent',
      service: 'orders',
      workflowId: 'cutover/orders',
      verdict: 'abort',
    } as const
    expect(told(facts, lost)).toMatchObject({
      error: {
        what: 'the connection to the Temporal server was lost',
        why: 'connection dropped',
        todo: [
          'runs go on without this command; try again when the server is back',
          'say it again: a second abort does no harm',
          'or from anywhere else: temporal workflow signal --workflow-id cutover/orders --name abort',
        ],
        code: 'not-sent',
      },
    })
  })
})
