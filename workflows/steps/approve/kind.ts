// approve, as others see it: it waits for people, until the question expires.
import { deciders } from '../../people.ts'
import { milliseconds } from '../../quantities.ts'
import { defineKind } from '../kind.ts'

export const approve = defineKind<'approve'>({
  title: ({ people }) => `approval by ${people === 'anyone' ? 'anyone' : people.join(', ')}`,
  connections: {},
  changes: false,
  watched: 'throughout',
  asks: ({ people, quorum, self_approval: selfApproval }) => ({ people, quorum, selfApproval }),
  outline: (spec) => ({
    changes: [],
    back: 'changes nothing',
    shortestMs: 0,
    longestMs: spec.on_expiry === 'hold' ? null : milliseconds(spec.expires),
    decides: deciders(spec),
  }),
})
