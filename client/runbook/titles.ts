// What a step is called when its runbook gives it no title: words an operator would say at a table.
import { formatDuration, milliseconds } from '../../workflows/quantities.ts'
import type { Step } from './parts.ts'

export function titleOf(step: Step): string {
  return step.spec.title ?? ownTitle(step)
}

function ownTitle(step: Step): string {
  switch (step.kind) {
    case 'announce':
      return `announce on ${step.spec.connection}`
    case 'approve':
      return `approval by ${step.spec.people === 'anyone' ? 'anyone' : step.spec.people.join(', ')}`
    case 'canary':
      return `canary ${step.spec.weights.join(' ')} on ${step.spec.connection}`
    case 'check':
      return `check ${step.spec.connection}: ${step.spec.requests.map((request) => request.name ?? request.path).join(', ')}`
    case 'decommission':
      return `decommission the ${step.spec.side} side of ${step.spec.connection}`
    case 'hold':
      return `hold for ${formatDuration(milliseconds(step.spec.for))}`
    case 'prewarm':
      return `prewarm the ${step.spec.side} side to ${step.spec.factor}x on ${step.spec.connection}`
    case 'repoint':
      return `repoint ${Object.keys(step.spec.records).join(', ')}`
    case 'shadow':
      return `shadow ${step.spec.percent} on ${step.spec.connection}`
    case 'switch':
      return `switch ${step.spec.connection} to 100% new`
    case 'ttl':
      return `lower the TTL of ${step.spec.records.join(', ')} to ${step.spec.to}`
    default:
      return step satisfies never
  }
}
