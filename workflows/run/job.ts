// Long work of a step: done in pieces by one activity, under watch, taken up where it was after a crash, a pause or a renewal.
import { CancellationScope, CancelledFailure, condition } from '@temporalio/workflow'
import type { JobInput, JobMemory, JobName, JobResult } from '../activities.ts'
import type { Subject } from '../watched/index.ts'
import type { Json } from '../json.ts'
import { calls } from './calls.ts'
import { insist } from './insist.ts'
import { once, renewable } from './renewal.ts'
import { untilResumed } from './resumed.ts'
import type { Run } from './run.ts'
import { label, note, stepOf } from './run.ts'
import { tell } from './way-back.ts'
import type { Undo } from './state.ts'
import { underWatch } from './watch.ts'

export interface Work {
  /** Names this work within its step. */
  key: string
  title: string
  job: JobName
  spec: Json
  /** How many pieces may begin in a second at most; null = as fast as it goes. */
  perSecond: number | null
  /** While one of these is not good the work waits: those whom it could hurt. */
  throttle: Subject[]
}

/**
 * Returns when everything is done. A breach or an abort ends the work and never returns here. On the way back of a step nothing
 * is watched, nothing holds the work back but its own pace, and it is tried for as long as it takes.
 */
export async function job(run: Run, work: Work): Promise<JobMemory> {
  const { undo } = run
  const name = `${stepOf(run).id}/${undo === null ? '' : 'undo/'}${work.key}`
  const memory = await once(run, `job ${work.key}`, async () => {
    const end: { memory: JobMemory | null } = { memory: null }
    await renewable(run, async () => {
      if (undo !== null) end.memory = await workedBack(run, undo, { ...work, name })
      else
        await underWatch(run, { key: name, title: work.title, keeping: true, patient: true }, async () => {
          end.memory = await worked(run, name, work)
        })
    })
    return end.memory
  })
  return memory as JobMemory
}

async function workedBack(run: Run, undo: Undo, work: Work & { name: string }): Promise<JobMemory> {
  const { name, title, job: kind, spec, perSecond } = work
  const { memories } = run.state
  const attempt = async (): Promise<JobMemory> => {
    const memory = memories[name]
    const known = memory === undefined ? {} : { memory }
    const input: JobInput = { name, title, job: kind, spec, perSecond, throttle: [], ...known }
    run.tries.beside += 1 // cut for a new history, it answers how far it came: that is waited for
    try {
      const { isOver, memory: reached } = await calls.job(`${label(run)} - ${title}`, input)
      if (isOver) return reached
      memories[name] = { job: reached }
      throw new CancelledFailure('the work was cut')
    } finally {
      run.tries.beside -= 1
    }
  }
  tell(run, undo, `its step is being undone: ${title}`)
  const question = { id: name, title: `${title} could not be done on the way back` }
  const reached = await insist(run, question, attempt)
  delete memories[name]
  note(run, `${title}: ${reached.text}`)
  return reached
}

async function worked(
  run: Run,
  name: string,
  { title, job: kind, spec, perSecond, throttle }: Work,
): Promise<JobMemory> {
  const { memories } = run.state
  for (;;) {
    await untilResumed(run)
    const memory = memories[name]
    const input: JobInput = {
      name,
      title,
      job: kind,
      spec,
      perSecond,
      throttle,
      ...(memory === undefined ? {} : { memory }),
    }
    const { isOver, memory: reached } = await untilPaused(run, input)
    if (isOver) {
      delete memories[name]
      note(run, `${title}: ${reached.text}`)
      return reached
    }
    memories[name] = { job: reached }
  }
}

/** Ended by a pause it answers how far it has come. */
async function untilPaused(run: Run, input: JobInput): Promise<JobResult> {
  const asking = CancellationScope.current()
  const working = new CancellationScope({ cancellable: true, parent: run.looks })
  const end = { over: false }
  const ended = working.run(() => calls.job(`${label(run)} - ${input.title}`, input))
  const settled = ended.then(
    () => {},
    () => {},
  )
  run.working.push(settled)
  const paused = () => condition(() => end.over || run.state.paused !== null)
  void CancellationScope.nonCancellable(paused).then(() => {
    if (!end.over) working.cancel()
  })
  try {
    return await Promise.race([ended, asking.cancelRequested])
  } catch (error) {
    // As with looks, a run that goes back ends it after its first write; what else ends the step ends it at once.
    if (asking.consideredCancelled && run.state.reason === null) working.cancel()
    throw error
  } finally {
    end.over = true
  }
}

/** A run that goes back says nothing of the world before the last piece of its work is over. */
export async function workEnded(run: Run): Promise<void> {
  await Promise.all(run.working)
}
