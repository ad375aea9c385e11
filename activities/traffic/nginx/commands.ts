// What NGINX itself says of its files (`nginx -T`) and its reload, through executables that the worker's owner has placed.
import type { CommandLine } from '../../config.ts'
import { failure, kindOf } from '../../failure.ts'
import { excerpt, isTold } from '../../http.ts'
import type { Deps } from '../../provider.ts'
import { redactLookalikes } from '../../secrets.ts'
import { type Ended, execute } from '../../execute/execute.ts'
import { findExecutable } from '../../execute/executable.ts'
import type { Io } from '../../../workflows/ports/target.ts'
import type { NginxConfig } from './schema.ts'

const CHECK_MS_MAX = 2_000 // it opens every certificate; the deadline of a call is 4 s
const RELOAD_MS_MAX = 1_000 // it sends a signal
const DUMP_BYTES_MAX = 16 * 1024 * 1024 // thousands of sites
const NOT_PERMITTED = 77 // EX_NOPERM of sysexits.h

export interface Commands {
  config: NginxConfig
  deps: Deps
}

/** The whole configuration as NGINX reads it now, from its files. Raises Rejected with its words when it would not take it. */
export async function dump(commands: Commands, io: Io): Promise<string> {
  const line = commands.config.check
  const ended = await run(commands, { line, withinMs: CHECK_MS_MAX }, io)
  if (ended.code !== 0) throw refused('checking the configuration', line, ended)
  if (ended.isCut) throw failure('Unsupported', `${line[0]} printed more than ${DUMP_BYTES_MAX} bytes`)
  if (!ended.stdout.includes('# configuration file ')) {
    throw failure('Config', `${line[0]} printed no configuration: it must run \`nginx -T -q\``)
  }
  return ended.stdout
}

/** The signal is sent; whether NGINX took the files up is seen by asking its workers. */
export async function reload(commands: Commands, io: Io): Promise<void> {
  const line = commands.config.reload
  const ended = await run(commands, { line, withinMs: RELOAD_MS_MAX }, io)
  if (ended.code !== 0) throw refused('reloading', line, ended)
}

/** Both are there; what the check needs to read is tried by running it. */
export async function permittedCommands(commands: Commands, io: Io): Promise<string> {
  const { config, deps } = commands
  await findExecutable(config.reload[0], deps.commandFolder)
  await dump(commands, io)
  return `${config.check[0]} reads the configuration, ${config.reload[0]} is there and was not run`
}

async function run(
  { deps }: Commands,
  { line, withinMs }: { line: CommandLine; withinMs: number },
  io: Io,
): Promise<Ended> {
  const [name, ...args] = line
  const path = await findExecutable(name, deps.commandFolder)
  const signal = AbortSignal.any([io.signal, AbortSignal.timeout(withinMs)])
  const folder = deps.commandFolder ?? '/' // null was refused above
  const ended = await execute({
    path,
    args,
    folder,
    input: {},
    signal,
    outputBytesMax: DUMP_BYTES_MAX,
  }).catch((error: unknown) => {
    if (isTold(io.signal)) throw io.signal.reason
    if (kindOf(error) !== null) throw error
    const code = (error as NodeJS.ErrnoException).code ?? 'the deadline had passed'
    throw failure('Unavailable', `${name} could not be started: ${code}`, { cause: error })
  })
  if (isTold(io.signal)) throw io.signal.reason
  if (signal.aborted) throw failure('Unavailable', `${name}: ended at its deadline; ${saidBy(ended)}`)
  return ended
}

function refused(doing: string, line: CommandLine, ended: Ended): Error {
  const how = ended.code === null ? `ended by ${ended.endedBy}` : `exit ${ended.code}`
  const words = `${doing} with ${line[0]}: ${how}; ${saidBy(ended)}`
  if (ended.code === NOT_PERMITTED || /\(13: Permission denied\)|a password is required/.test(ended.stderr)) {
    return failure('Denied', words)
  }
  return failure(/\[emerg\]/.test(ended.stderr) ? 'Rejected' : 'Unavailable', words)
}

function saidBy({ stderr }: Ended): string {
  const words = excerpt(redactLookalikes(stderr.trimEnd().slice(-280)))
  return words === '' ? 'it said nothing' : words
}
