// Does a job piece by piece, as fast as it may and as those whom it could hurt allow. Its state travels in the heartbeat, so that
// another worker goes on where this one died; a job that is ended answers how far it has come.
import { Context } from '@temporalio/activity'
import type { JobInput, JobMemory, JobResult, Reading } from '../../workflows/activities.ts'
import type { Json } from '../../workflows/json.ts'
import type { Io } from '../../workflows/ports/target.ts'
import { formatDuration } from '../../workflows/quantities.ts'
import type { Subject } from '../../workflows/watched/index.ts'
import { failure } from '../failure.ts'
import type { Deps } from '../provider.ts'
import type { Asking } from '../watch/asking.ts'
import { readSubject } from '../watch/read-subject.ts'
import type { Job } from './job.ts'
import { jobs } from './jobs.ts'
import { type Speed, createSpeedometer, pauseMs } from './pace.ts'

const HEARTBEAT_EVERY_MS = 1_000 // well within the heartbeat time-out of 5 s: a long piece or pause is no dead worker
const PIECE_MS_MAX = 4_000 // a hanging piece must not hold up the others

type Working = Pick<Deps, 'fetch'> & { asking: Asking }

export async function work(input: JobInput, { fetch, asking }: Working): Promise<JobResult> {
  const context = Context.current()
  const { cancellationSignal } = context
  const job = known(input.job)
  let state = stateOf(context.info.heartbeatDetails) ?? input.memory?.job?.state ?? job.begin(input.spec)
  const speedometer = createSpeedometer()
  let memory = memoryOf(input, job, { state, waiting: null, speed: { perSecond: null, leftMs: null } })
  const tell = (waiting: string | null): void => {
    const speed = speedometer({ at: Date.now(), ...job.progress(input.spec, state) })
    memory = memoryOf(input, job, { state, waiting, speed })
    context.heartbeat({ name: input.name, job: memory })
  }
  const beating = setInterval(() => context.heartbeat({ name: input.name, job: memory }), HEARTBEAT_EVERY_MS)
  try {
    for (let lookedAt = -Infinity; !job.isOver(input.spec, state);) {
      const startedAt = performance.now()
      if (startedAt >= lookedAt + everyMsOfAll(input.throttle)) {
        const hurt = await hurting(input.throttle, asking, cancellationSignal)
        lookedAt = performance.now()
        tell(hurt)
        if (hurt !== null) {
          await context.sleep(everyMsOfAll(input.throttle))
          continue
        }
      }
      const signal = AbortSignal.any([AbortSignal.timeout(PIECE_MS_MAX), cancellationSignal])
      const next = await job.piece(input.spec, state, { fetch, signal })
      cancellationSignal.throwIfAborted() // what was cut short counts for nothing
      state = next
      tell(null)
      if (job.isOver(input.spec, state)) break
      const ms = pauseMs(input.perSecond, { startedAt, endedAt: performance.now() })
      if (ms > 0) await context.sleep(ms)
    }
    return { isOver: true, memory }
  } catch (error) {
    if (cancellationSignal.aborted && isAsked(cancellationSignal)) return { isOver: false, memory }
    throw error
  } finally {
    clearInterval(beating)
  }
}

/** Ended by the run, which wants to know how far it came; a worker that shuts down leaves the job to another one. */
function isAsked({ reason }: AbortSignal): boolean {
  return !(reason instanceof Error && /WORKER_SHUTDOWN/.test(reason.message))
}

function known(name: string): Job<Json, Json> {
  const job = Object.hasOwn(jobs, name) ? jobs[name as keyof typeof jobs] : undefined
  if (job !== undefined) return job
  const names = Object.keys(jobs).join(', ')
  throw failure(
    'Unsupported',
    `this worker knows no job ${name}, only ${names}: it is older than the runbook`,
  )
}

function memoryOf(
  { title, spec }: JobInput,
  job: Job<Json, Json>,
  { state, waiting, speed }: { state: Json; waiting: string | null; speed: Speed },
): JobMemory {
  const { done, total } = job.progress(spec, state)
  const left = speed.leftMs === null ? [] : [`${formatDuration(speed.leftMs)} left`]
  const rate = speed.perSecond === null ? [] : [`${speed.perSecond.toFixed(1)}/s`]
  const of = total === null ? '' : ` of ${total}`
  const text = [`${done}${of} ${job.unit}`, ...rate, ...(waiting === null ? left : [waiting])].join(', ')
  return { title, text, done, total, unit: job.unit, ...speed, waiting, state }
}

/** Which guard says that the job must wait, in words; null = none. What cannot be read does not say that all is well. */
async function hurting(
  subjects: Subject[],
  asking: Asking,
  cancellation: AbortSignal,
): Promise<string | null> {
  const signal = AbortSignal.any([AbortSignal.timeout(PIECE_MS_MAX), cancellation])
  const io: Io & { at: string } = { signal, writes: () => {}, at: new Date().toISOString() }
  const readings = await Promise.all(subjects.map((subject) => readSubject(subject, asking, io)))
  const bad = readings.find(({ verdict }) => verdict !== 'good')
  return bad === undefined ? null : waitingFor(bad)
}

function waitingFor({ subject, text }: Reading): string {
  return `waiting: ${subject} ${text}`
}

function everyMsOfAll(subjects: Subject[]): number {
  return subjects.length === 0
    ? Number.POSITIVE_INFINITY
    : Math.min(...subjects.map(({ everyMs }) => everyMs))
}

function stateOf(details: unknown): Json | undefined {
  const { job } = (typeof details === 'object' && details !== null ? details : {}) as { job?: JobMemory }
  return job?.state
}
