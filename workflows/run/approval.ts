// The approval of a step by people. Guards stay watched meanwhile.
import { deciders } from '../people.ts'
import type { PlannedStep } from '../plan.ts'
import { milliseconds } from '../quantities.ts'
import { approvedBy } from './decisions.ts'
import { once } from './renewal.ts'
import type { Run } from './run.ts'
import { note } from './run.ts'
import { askUnderWatch } from './watch.ts'

type Approved = PlannedStep & {
  spec: {
    people: 'anyone' | string[]
    quorum: number
    self_approval: boolean
    expires: string
    on_expiry: 'unwind' | 'hold'
  }
}

/** Opens the approval gate of a step, named like the step, and waits until its quorum is there. */
export async function askPeople(run: Run, step: Approved, title: string): Promise<void> {
  const { spec } = step
  const asked = () =>
    askUnderWatch(run, {
      kind: 'approval',
      id: step.id,
      title,
      waitsFor: deciders(spec),
      allows: ['approve'],
      people: spec.people,
      quorum: spec.quorum,
      selfApproval: spec.self_approval,
      expiresInMs: milliseconds(spec.expires),
      onExpiry: spec.on_expiry,
    })
  await once(run, 'approval', asked)
  note(run, `approved by ${approvedBy(run.state, step.id, spec.people).join(', ')}`)
}
