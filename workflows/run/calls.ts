// The activities with their time-outs and retries: one policy per kind of call, with the reason for each number.
import type { ActivityOptions, LocalActivityOptions } from '@temporalio/workflow'
import { ActivityCancellationType, proxyActivities, proxyLocalActivities } from '@temporalio/workflow'
import type {
  ChangeActivities,
  ConfirmInput,
  ExpiryInput,
  JobActivities,
  JobInput,
  RestoreInput,
  RevisitInput,
  ShownInput,
  WatchActivities,
  WatchInput,
} from '../activities.ts'
import { JOB_QUEUE, TASK_QUEUE, WATCH_QUEUE } from '../activities.ts'

const ONE_CALL = '5s' // one backend call with a 4 s I/O deadline inside
const LOST_WORKER = '2s' // every call heartbeats twice a second: one whose worker has died is tried again after this

const onChanges = {
  taskQueue: TASK_QUEUE,
  startToCloseTimeout: ONE_CALL,
  heartbeatTimeout: LOST_WORKER,
} satisfies ActivityOptions
const onWatches = { taskQueue: WATCH_QUEUE, startToCloseTimeout: ONE_CALL } satisfies ActivityOptions

const policies = {
  observe: {
    ...onChanges,
    scheduleToCloseTimeout: '5m', // a backend that cannot be looked at for longer ends the step
    cancellationType: ActivityCancellationType.TRY_CANCEL, // a look leaves nothing behind
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '20s' },
  },
  apply: {
    ...onChanges,
    // Undoing underneath a write that may still land is a race: an abort waits for the write to end.
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumAttempts: 5 },
  },
  /** Looks whether an accepted write shows; how long that may take is the provider's to say. */
  shown: {
    ...onChanges,
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '10s' },
  },
  /** The first try of going back: one, so that a target that fails does not hold up the older ones. */
  restoreFirst: {
    ...onChanges,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: { maximumAttempts: 1 },
  },
  /** The next tries: few, so that a person hears of it soon. */
  restore: {
    ...onChanges,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumAttempts: 4 }, // 3.5 s of waiting in all
  },
  /** Beside the open gate, until it is done or a person takes over. */
  restoreOnAndOn: {
    ...onChanges,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: { initialInterval: '2s', backoffCoefficient: 2, maximumInterval: '1m' },
  },
  revisit: {
    ...onChanges,
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    retry: { initialInterval: '500ms', backoffCoefficient: 2 }, // it ends its tries itself, with an answer
  },
  job: {
    taskQueue: JOB_QUEUE,
    startToCloseTimeout: '30d', // its heartbeat says that it lives; what is not over by then goes on in the next attempt
    heartbeatTimeout: '5s',
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED, // it answers how far it came, and has stopped
    // Attempts count every worker that died: a longer interval would punish a deploy.
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '5s' },
  },
  announce: {
    ...onChanges,
    scheduleToCloseTimeout: '30s', // news is stale after that, and the end of a run waits for it
    // Nobody cancels it (questions.ts). ABANDON, which would seem to fit, must not be used: core 1.24 cannot take the failure or
    // time-out of an activity that was abandoned, and the run is wedged for good.
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    retry: { initialInterval: '2s', backoffCoefficient: 2, maximumAttempts: 5 },
  },
  claim: {
    ...onChanges,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '20s' },
  },
  /** Of a suspension: it is in force before the suspension is, so its step waits for it. */
  expire: {
    ...onChanges,
    scheduleToCloseTimeout: '1m', // without the server there is no run either; what fails for longer ends the step
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '10s' },
  },
  recall: {
    ...onChanges,
    scheduleToCloseTimeout: '10s', // a run can renew itself without; rows of checks then begin anew
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumAttempts: 3 },
  },
} satisfies Record<string, ActivityOptions>

/** Of looks that are cut when a run goes back: for the report alone, so what does not answer at once is left. */
const recallCut = {
  ...onChanges,
  scheduleToCloseTimeout: '2s',
  cancellationType: ActivityCancellationType.TRY_CANCEL,
  retry: { maximumAttempts: 1 },
} satisfies ActivityOptions

const recallAtEnd = {
  startToCloseTimeout: '2s',
  retry: { maximumAttempts: 1 },
} satisfies LocalActivityOptions

/** Within the last task of a run, so that giving back a lock is no further round through the server. */
const release = {
  startToCloseTimeout: ONE_CALL,
  retry: { initialInterval: '100ms', backoffCoefficient: 2, maximumAttempts: 5 }, // what is left is taken over by the next run
} satisfies LocalActivityOptions

const changes = proxyActivities<ChangeActivities>(onChanges)
const watches = proxyActivities<WatchActivities>(onWatches)
const jobs = proxyActivities<JobActivities>(policies.job)
const local = proxyLocalActivities<Pick<ChangeActivities, 'release' | 'recall'>>(release)

/** Every call names itself for the Temporal UI: `[4/9] canary 25% - edge split old 75 new 25`. */
export const calls = {
  observe: (summary: string, input: Parameters<ChangeActivities['observe']>[0]) =>
    changes.observe.executeWithOptions({ ...policies.observe, summary }, [{ ...input, isPatient: true }]),
  apply: (summary: string, input: Parameters<ChangeActivities['apply']>[0]) =>
    changes.apply.executeWithOptions({ ...policies.apply, summary }, [input]),
  shown: (summary: string, input: ShownInput, withinMs: number) =>
    changes.shown.executeWithOptions({ ...policies.shown, scheduleToCloseTimeout: withinMs, summary }, [
      input,
    ]),
  restoreFirst: (summary: string, input: RestoreInput) =>
    changes.restore.executeWithOptions({ ...policies.restoreFirst, summary }, [input]),
  restore: (summary: string, input: RestoreInput) =>
    changes.restore.executeWithOptions({ ...policies.restore, summary }, [input]),
  /** For a write back that was accepted and does not show: as long as the provider says that this may take. */
  restoreUntilShown: (summary: string, input: RestoreInput, withinMs: number) =>
    changes.restore.executeWithOptions(
      { ...policies.restoreOnAndOn, scheduleToCloseTimeout: withinMs, summary },
      [input],
    ),
  revisit: (summary: string, input: RevisitInput) =>
    changes.revisit.executeWithOptions({ ...policies.revisit, summary }, [input]),
  restoreOnAndOn: (summary: string, input: RestoreInput) =>
    changes.restore.executeWithOptions({ ...policies.restoreOnAndOn, summary }, [input]),
  job: (summary: string, input: JobInput) =>
    jobs.job.executeWithOptions({ ...policies.job, summary }, [input]),
  announce: (summary: string, input: Parameters<ChangeActivities['announce']>[0]) =>
    changes.announce.executeWithOptions({ ...policies.announce, summary }, [input]),
  expire: (summary: string, input: ExpiryInput) =>
    changes.expire.executeWithOptions({ ...policies.expire, summary }, [input]),
  claim: (input: Parameters<ChangeActivities['claim']>[0]) =>
    changes.claim.executeWithOptions({ ...policies.claim, summary: `take ${input.locks.length} locks` }, [
      input,
    ]),
  recall: (input: Parameters<ChangeActivities['recall']>[0]) =>
    changes.recall.executeWithOptions({ ...policies.recall, summary: 'what was counted so far' }, [input]),
  recallCut: (input: Parameters<ChangeActivities['recall']>[0]) =>
    changes.recall.executeWithOptions({ ...recallCut, summary: 'what was read last' }, [input]),
  recallAtEnd: (input: Parameters<ChangeActivities['recall']>[0]) =>
    local.recall.executeWithOptions({ ...recallAtEnd, summary: 'what was read last' }, [input]),
  release: (input: Parameters<ChangeActivities['release']>[0]) =>
    local.release.executeWithOptions({ ...release, summary: `give back ${input.locks.length} locks` }, [
      input,
    ]),
  /** Looks by retry: the activity names the time of its next look itself, so the interval here is only its upper bound. */
  watch: (summary: string, input: WatchInput, everyMs: number) =>
    watches.watch.executeWithOptions({ ...onWatches, ...byRetry(everyMs), summary }, [input]),
  confirm: (summary: string, input: ConfirmInput, withinMs: number) =>
    watches.confirm.executeWithOptions(
      { ...onWatches, ...byRetry(input.everyMs), scheduleToCloseTimeout: withinMs, summary },
      [input],
    ),
}

function byRetry(everyMs: number): ActivityOptions {
  return {
    cancellationType: ActivityCancellationType.TRY_CANCEL, // it only looks
    retry: { initialInterval: everyMs, backoffCoefficient: 1, maximumInterval: everyMs },
  }
}
