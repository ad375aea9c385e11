// What can be said to a run and asked of it, by name: shared by workflow, CLI and any other tool.
import { SearchAttributeType, defineSearchAttributeKey } from '@temporalio/common'
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow'
import type { Decided, Decision, StateAnswer } from './run/state.ts'

/** The whole state and the plan; also answered after the end of a run, for the retention period. */
export const state = defineQuery<StateAnswer>('state')

/** A decision, judged at once: a refusal reaches the caller as an ApplicationFailure of type `Refused`, its message says why. */
export const decide = defineUpdate<Decided, [Decision]>('decide')

/** Plain signals for any tool and for times when no worker is up. All fields are optional. */
export type SignalledDecision = { actor?: string; reason?: string; gate?: string; decisionId?: string }
export const approve = defineSignal<[SignalledDecision?]>('approve')
export const abort = defineSignal<[SignalledDecision?]>('abort')

export const REFUSED = 'Refused'

export const attributes = {
  service: defineSearchAttributeKey('CutoverService', SearchAttributeType.KEYWORD),
  phase: defineSearchAttributeKey('CutoverPhase', SearchAttributeType.KEYWORD),
  gate: defineSearchAttributeKey('CutoverGate', SearchAttributeType.KEYWORD),
  outcome: defineSearchAttributeKey('CutoverOutcome', SearchAttributeType.KEYWORD),
  weight: defineSearchAttributeKey('CutoverWeight', SearchAttributeType.INT),
} as const

/** One run per service: the id is the lock. */
export function workflowIdOf(service: string): string {
  return `cutover/${service}`
}

/** A dead worker costs one workflow-task timeout, the default of 10 s is too long for an abort. */
export const WORKFLOW_TASK_TIMEOUT = '3s'
