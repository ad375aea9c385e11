// `import ... from 'cutover'`: what the CLI does with runs, for programs. Prints nothing, asks nothing, ends no process;
// what goes wrong is a Problem or, of a run, a RunTrouble, with the same words and facts as on the command line.
import { actorOf, environment } from '../client/config.ts'
import { exitCodeOf } from '../client/exit-codes.ts'
import { type Problem, usageProblem } from '../client/problem.ts'
import { statesOf } from '../client/terraform/states.ts'
import type { Problem as RunbookProblem } from '../client/runbook/problem.ts'
import { matchDigest } from '../client/run/agreed.ts'
import { demandReady } from '../client/run/ready.ts'
import { type Started, expectNoRun, startRun } from '../client/run/start.ts'
import { type Loaded, checkRunbook, loadRunbook } from '../client/runbook/load.ts'
import { type Preview, preview } from '../client/runbook/preview.ts'
import { type Review, review } from '../client/runbook/review.ts'
import { knownSpecs } from '../client/specs.ts'
import { connect as connectTemporal } from '../client/temporal.ts'
import { sayAbort } from '../view/abort.ts'
import type { TemporalAccess } from '../view/access.ts'
import { type Answer, say } from '../view/decide.ts'
import { follow } from '../view/follow.ts'
import type { RunView } from '../view/model.ts'
import { readRun } from '../view/read.ts'
import type { Plan } from '../workflows/plan.ts'
import type { Verb } from '../workflows/run/state.ts'

export { Problem } from '../client/problem.ts'
export { RunTrouble } from '../view/trouble.ts'
export type { Problem as RunbookProblem } from '../client/runbook/problem.ts'
export type { Answer, Loaded, Plan, Preview, RunView, Started, Verb }

/** Where Temporal is and which providers are known, as the CLI reads it: TEMPORAL_*, temporal.toml, CUTOVER_PROVIDERS. */
export type Environment = Readonly<Record<string, string | undefined>>

/** A file (`-` is the standard input), or its text with the name that messages give it. */
export type Runbook = string | { text: string; file: string }

export type Connect = {
  /** Default: the environment of this process. */
  env?: Environment
  /** Who acts; default: CUTOVER_ACTOR, else the system's user. Written down with everything that is said. */
  as?: string
  /** Told what is waited for, once it takes longer than a moment. */
  progress?: (line: string) => void
}

export type StartOptions = {
  /** Start exactly the plan of this digest (or its beginning); refuses when runbook or world have changed since. */
  digest?: string
  /** Start over problems that were found; the run keeps who did, and what they were. */
  ignoreProblems?: boolean
  signal?: AbortSignal
}

export type DecideOptions = {
  verdict: Verb
  /** Default: the only open gate that takes the verdict. */
  gate?: string
  /** Needed for everything but `approve`. */
  reason?: string
  /** Default: the run under way. */
  runId?: string
}

export type Watch = {
  /** Default: the last run of the service. */
  runId?: string
  /** Ends the watching; the run goes on. */
  signal?: AbortSignal
  /** The server does not answer for now; it is asked again. */
  lost?: (problem: Error) => void
}

export interface Cutover {
  /** What a run would do, over the world as it is. Changes nothing; needs a worker, which looks. */
  plan(runbook: Runbook, options?: { signal?: AbortSignal }): Promise<Preview>
  /** Checks, looks at the world and starts the run. Refuses what `cutover start` refuses. */
  start(runbook: Runbook, options?: StartOptions): Promise<Started>
  /** Approves, aborts, retries or skips. Raises a Problem with the run's words when it refuses. */
  decide(service: string, said: DecideOptions): Promise<Answer>
  /** The present, or last, run of a service, once. */
  read(service: string, options?: { runId?: string }): Promise<RunView>
  /** Every look at the run until it has ended; the last view has an `outcome`. A run that is `stuck` is stayed with. */
  watch(service: string, options?: Watch): AsyncIterable<RunView>
  /** Closes the connection. Runs go on. */
  close(): Promise<void>
}

/** Connects to Temporal as the CLI does. Raises a Problem when it cannot be reached. */
export async function connect(options: Connect = {}): Promise<Cutover> {
  const env = options.env ?? environment()
  const progress = options.progress ?? (() => {})
  const access = await connectTemporal(env, { as: options.as, progress })
  const actor = actorOf(options.as, env)
  const seenBy = async (loaded: Loaded, { signal, ignoreProblems = false }: StartOptions = {}) => {
    const plan = planOf(loaded)
    const { states, problems } = await statesOf(loaded)
    if (problems.length > 0 && !ignoreProblems)
      throw unusable(`a state of Terraform that ${loaded.file} names cannot be used`, problems)
    const through = { access, signal: signal ?? new AbortController().signal }
    const seen = await review(plan, { ...through, states, specs: await knownSpecs(env) })
    return { ...seen, unread: problems.map(({ path, message }) => `${path}: ${message}`) }
  }
  return {
    async plan(runbook, { signal } = {}) {
      const seen = await seenBy(await check(runbook, env), signal === undefined ? {} : { signal })
      return preview(seen.plan, seen.survey, await knownSpecs(env))
    },
    async start(runbook, start = {}) {
      const loaded = await check(runbook, env)
      const plan = planOf(loaded)
      await expectNoRun(access, plan.service)
      const seen = await seenBy(loaded, start)
      return await startReviewed(access, { plan, seen, actor, file: fileOf(runbook), ...start })
    },
    async decide(service, { verdict, gate, reason = '', runId }) {
      if (verdict !== 'approve' && reason === '') throw usageProblem(`${verdict} needs a reason`)
      const said = { service, runId, actor, reason }
      return verdict === 'abort'
        ? await sayAbort(access, said, progress)
        : await say(access, { ...said, verdict, gate })
    },
    async read(service, { runId } = {}) {
      return (await readRun(access, service, { runId })).view
    },
    watch: (service, watch = {}) => views(access, { service, progress, ...watch }),
    close: () => access.close(),
  }
}

/** Everything that is wrong with a runbook, or its plan. Needs no server. */
export async function check(runbook: Runbook, env: Environment = environment()): Promise<Loaded> {
  const specs = await knownSpecs(env)
  return typeof runbook === 'string'
    ? await loadRunbook(runbook, specs)
    : await checkRunbook(runbook.text, { file: runbook.file, specs })
}

function planOf(loaded: Loaded): Plan {
  if (loaded.plan !== undefined) return loaded.plan
  const count = loaded.problems.length
  throw unusable(`${loaded.file} is not a valid runbook: ${count} to put right`, loaded.problems)
}

function unusable(what: string, problems: RunbookProblem[]): Problem {
  const lines = problems.map(
    ({ file, line, column, message, fix }) =>
      `${file}:${line}:${column} ${message}${fix === null ? '' : `; ${fix}`}`,
  )
  return usageProblem(what, lines, { problems })
}

type Starting = StartOptions & {
  plan: Plan
  seen: Review & { unread: string[] }
  actor: string
  file: string
}

async function startReviewed(access: TemporalAccess, starting: Starting): Promise<Started> {
  const { plan, seen, actor, file, digest, ignoreProblems = false } = starting
  const despite = [...seen.unread, ...demandReady(seen, { file, actor, isIgnoring: ignoreProblems })]
  if (digest !== undefined) await matchDigest(access, digest, { file, runbook: plan, present: seen.plan })
  return await startRun(access, seen.plan, { actor, despite })
}

function fileOf(runbook: Runbook): string {
  return typeof runbook === 'string' ? runbook : runbook.file
}

/** What is followed by call-back, as a sequence: the latest view counts, those nobody took meanwhile are dropped. */
async function* views(
  access: TemporalAccess,
  { service, signal, lost = () => {}, ...rest }: Watch & { service: string; progress(line: string): void },
): AsyncIterable<RunView> {
  const stop = new AbortController()
  let waiting = Promise.withResolvers<void>()
  let latest: RunView | null = null
  let isOver = false
  const offer = (view: RunView): void => {
    latest = view
    waiting.resolve()
  }
  const following = follow(access, {
    ...rest,
    service,
    lost,
    seen: offer,
    signal: signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]),
    isLast: (view) => exitCodeOf(view) !== undefined && view.outcome !== 'stuck',
  })
    .then((last) => last !== undefined && last.stale !== null && offer(last))
    .finally(() => {
      isOver = true
      waiting.resolve()
    })
  following.catch(() => {}) // raised below, once what was seen is told
  try {
    for (;;) {
      await waiting.promise
      waiting = Promise.withResolvers()
      const view: RunView | null = latest
      latest = null
      if (view !== null) yield view
      if (isOver && latest === null) break
    }
    await following
  } finally {
    stop.abort()
    await following.catch(() => undefined)
  }
}
