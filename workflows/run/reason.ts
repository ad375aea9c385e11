// Why a run goes back, in one line: for logs, notices, the CLI and the report. Pure.
import type { Reason } from './state.ts'

export function describeReason(reason: Reason): string {
  switch (reason.kind) {
    case 'abort':
      return `${reason.actor} aborted${reason.reason === '' ? '' : `: ${reason.reason}`}`
    case 'breach':
      return `${reason.subject} breached: ${reason.evidence.text}`
    case 'blind':
      return `${reason.subject} could not be read for too long: ${reason.evidence.text}`
    case 'expired':
      return `nobody decided ${reason.gate} in time`
    case 'failure':
      return `${reason.step} failed: ${reason.failure}: ${reason.message}`
    default:
      return reason satisfies never
  }
}
