// capacity/command: how many instances a side has, through executables the worker's owner has placed. Exit codes are
// those of sysexits.h; what each means for a run stands in docs/providers/capacity-command.md.
import { z } from 'zod'
import type { FailureKind } from '../../../workflows/failure.ts'
import type { JsonObject } from '../../../workflows/json.ts'
import { type Capacity, capacityOf, readyWords } from '../../../workflows/ports/capacity.ts'
import type { Io, Observed } from '../../../workflows/ports/target.ts'
import { milliseconds } from '../../../workflows/quantities.ts'
import { failure, kindOf } from '../../failure.ts'
import { excerpt, isTold } from '../../http.ts'
import { type Deps, defineProvider } from '../../provider.ts'
import { redactLookalikes } from '../../secrets.ts'
import { type Ended, execute } from '../../execute/execute.ts'
import { findExecutable } from '../../execute/executable.ts'
import { type CommandConfig, spec } from './schema.ts'

const Count = z.int().min(0)
const Report = z.object({
  count: Count,
  ready: Count,
  floor: Count.optional(),
  version: z.string().max(256).optional(),
  writer: z.string().max(256).optional(),
  writtenBy: z.enum(['person', 'machine']).optional(),
})

/** Every other code, and death by a signal, is Unavailable: of a write, the outcome is unknown. */
const EXIT_KINDS: Record<number, FailureKind> = {
  64: 'Config', // EX_USAGE
  65: 'Rejected', // EX_DATAERR
  66: 'Missing', // EX_NOINPUT
  69: 'Unavailable', // EX_UNAVAILABLE
  73: 'Conflict', // EX_CANTCREAT: the count is not the expected one
  77: 'Denied', // EX_NOPERM
  78: 'Config', // EX_CONFIG
  126: 'Config', // a shell or env found its command not executable
  127: 'Config', // a shell or env did not find its command
}

export const command = defineProvider({
  spec,
  connect(config, deps) {
    const observe = (target: string, io: Io): Promise<Observed<Capacity>> =>
      look({ config, deps, io }, target)
    return {
      observe,
      async write({ target, desired, seen }, io) {
        const version = seen.version === undefined ? {} : { version: seen.version }
        const input = { target, desired, expected: seen.value, ...version }
        await run({ config, deps, io }, { line: config.apply, target, input })
      },
      async confirm({ target, desired }, io) {
        const seen = await observe(target, io)
        const ready = Number(seen.facts?.['ready'])
        return { settled: ready >= desired.count, lines: [`${target}: ${readyWords(ready, desired.count)}`] }
      },
      /** What it does is its own affair; that it is there and may be run is all that can be tried. */
      async permits() {
        const [name] = config.apply
        await findExecutable(name, deps.commandFolder)
        return `${name} is there; it was not run`
      },
    }
  },
})

interface Call {
  config: CommandConfig
  deps: Deps
  io: Io
}

interface Task {
  line: CommandConfig['observe']
  target: string
  input: JsonObject
}

async function look(call: Call, target: string): Promise<Observed<Capacity>> {
  const line = call.config.observe
  const { stdout, isCut } = await run(call, { line, target, input: { target } })
  const report = isCut ? null : parse(stdout)
  if (report === null) {
    const came = isCut ? 'more than 64 KiB' : JSON.stringify(excerpt(redactLookalikes(stdout)))
    throw failure('Rejected', `${line[0]} for ${target} printed ${came} instead of {"count": 4, "ready": 4}`)
  }
  const { count, ready, floor, version, writer, writtenBy } = report
  return {
    value: capacityOf(count, floor),
    facts: { ready },
    ...(version === undefined ? {} : { version }),
    ...(writer === undefined ? {} : { writer }),
    ...(writtenBy === undefined ? {} : { writtenBy }),
  }
}

/** Runs one command line and returns only when it succeeded. */
async function run({ config, deps, io }: Call, { line, target, input }: Task): Promise<Ended> {
  const [name, ...args] = line
  const path = await findExecutable(name, deps.commandFolder)
  const timeoutMs = milliseconds(config.timeout)
  const deadline = new Date(deps.now() + timeoutMs).toISOString() // what it starts elsewhere must not run longer either
  const signal = AbortSignal.any([io.signal, AbortSignal.timeout(timeoutMs)])
  const folder = deps.commandFolder ?? '/' // null was refused above
  const ended = await execute({ path, args, folder, input: { ...input, deadline }, signal }).catch(
    (error: unknown) => {
      if (isTold(io.signal)) throw io.signal.reason
      if (kindOf(error) !== null) throw error
      throw signal.aborted
        ? failure('Unavailable', `${name} for ${target}: not started, the deadline had passed`)
        : notStarted(name, error)
    },
  )
  if (ended.code === 0) return ended
  if (isTold(io.signal)) throw io.signal.reason
  const words = excerpt(redactLookalikes(lastWords(ended.stderr)))
  const said = words === '' ? 'it said nothing on stderr' : words
  if (signal.aborted) {
    const when = io.signal.aborted ? 'at the deadline of the call' : `after ${config.timeout}`
    throw failure('Unavailable', `${name} for ${target}: ended ${when}; ${said}`)
  }
  const how = ended.code === null ? `ended by ${ended.endedBy}` : `exit ${ended.code}`
  throw failure(EXIT_KINDS[ended.code ?? -1] ?? 'Unavailable', `${name} for ${target}: ${how}; ${said}`)
}

function notStarted(name: string, error: unknown): Error {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown error'
  if (code === 'EAGAIN' || code === 'ENOMEM' || code === 'EMFILE') {
    return failure('Unavailable', `${name} could not be started: ${code}, the worker is short of resources`, {
      cause: error,
    })
  }
  const hint =
    code === 'ENOENT' ? 'its interpreter (first line) is not there' : 'is it a program for this system?'
  return failure('Config', `${name} could not be started: ${code}; ${hint}`, { cause: error })
}

function parse(stdout: string): z.infer<typeof Report> | null {
  try {
    return Report.safeParse(JSON.parse(stdout)).data ?? null
  } catch {
    return null // not JSON: the caller says what came instead
  }
}

/** The end of what it said: programs name the reason last. */
function lastWords(stderr: string): string {
  return stderr.trimEnd().slice(-280)
}
