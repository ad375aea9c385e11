// The activities by name, assembled: each is one short call to the outside world in the frame of call.ts.
// No decisions here; what follows from an answer is the workflow's affair.
import { Context } from '@temporalio/activity'
import type { Client } from '@temporalio/client'
import type {
  ChangeActivities,
  JobActivities,
  SurveyActivities,
  WatchActivities,
} from '../workflows/activities.ts'
import type { Changing } from '../workflows/ports/target.ts'
import type { PlannedConnection } from '../workflows/plan.ts'
import type { Redact } from './call.ts'
import { called, deadlineMsOf } from './call.ts'
import { patiently, tirelessly } from './retried.ts'
import { demandAgreed } from './change/agreed.ts'
import { claimAgain, claimLocks, releaseLocks } from './change/claim.ts'
import { expire } from './change/expire.ts'
import { applyTo } from './change/look.ts'
import { restoreTo } from './change/restore.ts'
import { revisited } from './change/revisit.ts'
import { shownBy } from './change/shown.ts'
import type { Registry } from './connect.ts'
import { connector, shippedProviders } from './connect.ts'
import { work } from './jobs/work.ts'
import type { Deps } from './provider.ts'
import { tryOut } from './survey/try-out.ts'
import { memoriesOf } from './watch/memories.ts'
import { confirmOnce } from './watch/confirm.ts'
import { createReadingsStore } from './watch/readings.ts'
import { watchAttempt } from './watch/watch.ts'

const JOB_LOOK_MS = 4_000 // a look between two pieces

export interface EngineOptions {
  deps: Deps
  /** For locks, which are workflows. */
  client: Client
  /** Masks secrets in whatever leaves an activity. */
  redact?: Redact
  /** Other providers than the shipped ones, for tests. */
  registry?: Registry
}

export function createActivities(
  options: EngineOptions,
): ChangeActivities & JobActivities & SurveyActivities & WatchActivities {
  return {
    ...changeActivities(options),
    ...jobActivities(options),
    ...surveyActivities(options),
    ...watchActivities(options),
  }
}

export function changeActivities({ deps, client, ...rest }: EngineOptions): ChangeActivities {
  const redact = rest.redact ?? unchanged
  const { portOf, changingOf } = connector(deps, rest.registry ?? shippedProviders)
  const port = (connection: PlannedConnection): Changing => changingOf(connection)
  const looking = { redact, cancellable: true }
  const writing = { redact, cancellable: false }
  return {
    observe: ({ connection, target, wanted, isPatient, isReset }) => {
      const look = () =>
        called(looking, async (io) => ({
          ...(await port(connection).observe(target, io, wanted)),
          ...(isReset === undefined ? {} : { isReset }),
        }))
      return isPatient === true ? patiently(look) : look()
    },
    apply: ({ connection, claim, ...request }) =>
      patiently(() =>
        called(writing, async (io) => {
          await claimAgain(client, claim, io)
          const { attempt } = Context.current().info
          const of = { ...request, portName: connection.port, isRepeated: attempt > 1 }
          return { ...(await applyTo(port(connection), of, io)), tries: attempt }
        }),
      ),
    shown: ({ connection, ...request }) =>
      called(looking, (io) => shownBy(port(connection), { ...request, portName: connection.port }, io)),
    restore: ({ connection, claim, ...request }) =>
      tirelessly(() => {
        const { attempt } = Context.current().info
        const isRepeated = request.isRepeated || attempt > 1
        const of = { ...request, portName: connection.port, isRepeated }
        return called(writing, async (io) => {
          await claimAgain(client, claim, io)
          return { ...(await restoreTo(port(connection), of, io)), tries: attempt }
        })
      }),
    revisit: (input) =>
      tirelessly(() => called(looking, (io) => revisited(port(input.connection), input, io))),
    announce: ({ connection, notice }) =>
      called(looking, (io) => portOf(connection, 'notify').send(notice, io)),
    claim: ({ plan, ...input }) =>
      called(writing, (io) => {
        if (plan !== undefined) demandAgreed(plan, { portOf })
        return claimLocks(client, input, io)
      }),
    release: (input) => called(writing, () => releaseLocks(client, input)),
    expire: (input) => called(writing, (io) => expire(client, input, io)),
    recall: (input) => called(looking, () => memoriesOf(client, input)),
  }
}

export function surveyActivities({ deps, client, ...rest }: EngineOptions): SurveyActivities {
  const redact = rest.redact ?? unchanged
  const trying = {
    connector: connector(deps, rest.registry ?? shippedProviders),
    secrets: deps.secrets,
    client,
    redact,
  }
  return { tryOut: (trial) => called({ redact, cancellable: true }, (io) => tryOut(trial, trying, io)) }
}

export function jobActivities({ deps, ...rest }: EngineOptions): JobActivities {
  const redact = rest.redact ?? unchanged
  const { portOf, changingOf } = connector(deps, rest.registry ?? shippedProviders)
  const asking = { portOf, changingOf, redact, deadlineMs: JOB_LOOK_MS }
  return {
    job: (input) =>
      called({ redact, cancellable: false, bounds: 'calls' }, () =>
        work(input, { fetch: deps.fetch, asking }),
      ),
  }
}

export function watchActivities({ deps, ...rest }: EngineOptions): WatchActivities {
  const redact = rest.redact ?? unchanged
  const { portOf, changingOf } = connector(deps, rest.registry ?? shippedProviders)
  const looking = { redact, cancellable: true, bounds: 'calls' } as const
  const readings = createReadingsStore()
  return {
    watch: (input) =>
      called(looking, (io) => {
        const deadlineMs = deadlineMsOf(Context.current().info)
        return watchAttempt(input, { portOf, changingOf, redact, deadlineMs, readings }, io)
      }),
    confirm: ({ connection, ...request }) =>
      called(looking, (io) => {
        const deadlineMs = deadlineMsOf(Context.current().info)
        return confirmOnce(changingOf(connection), { connection, ...request }, { io, redact, deadlineMs })
      }),
  }
}

function unchanged(text: string): string {
  return text
}
