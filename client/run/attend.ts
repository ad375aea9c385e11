// Stays with a run until its end: a live view on a terminal, lines elsewhere. Never touches the run.
import type { OpenAccess, Output } from '../command.ts'
import { EXIT, exitCodeOf } from '../exit-codes.ts'
import { fittedText } from '../output/fit.ts'
import { lineLog } from '../output/line-log.ts'
import { live } from '../output/live.ts'
import { headline, runText } from '../output/run-text.ts'
import { UNFOLDED } from '../output/sheet.ts'
import { Problem } from '../problem.ts'
import { uiLink } from '../temporal-ui.ts'
import type { RunView } from '../../view/model.ts'
import { follow } from '../../view/follow.ts'
import { serverErrorOf } from '../../view/server-error.ts'

const ROWS_UNKNOWN = 40 // some terminals say 0
const LOG_LINES_STALE = 12 // of a run that only the server knows, they say the most

export type Attend = {
  access: OpenAccess
  service: string
  runId?: string
  out: Output
  signal: AbortSignal
}

/** Follows a run to its end and gives its exit code. On a terminal a stuck run is stayed with; elsewhere it ends the wait. */
export async function attend({ access, service, runId, out, signal }: Attend): Promise<number> {
  const isLive = out.tty && !out.json
  const show = isLive ? liveShow(out, access) : out.json ? { seen: () => {}, end: () => {} } : lineShow(out)
  let lost = false
  const isLast = (view: RunView) => exitCodeOf(view) !== undefined && !(isLive && view.outcome === 'stuck')
  const last = await follow(access, {
    service,
    ...(runId === undefined ? {} : { runId }),
    signal,
    isLast,
    progress: out.error,
    seen(view) {
      if (lost && !isLive) out.error('the Temporal server answers again')
      lost = false
      show.seen(view)
    },
    lost(problem) {
      if (!lost)
        out.error(
          `the Temporal server does not answer (${serverWords(problem)}); the run goes on, asking again`,
        )
      lost = true
    },
  }).finally(show.end)
  if (last === undefined) {
    throw new Problem({
      what: `left ${service} running`,
      todo: [
        `cutover watch ${service}              follows it again`,
        `cutover abort ${service} --reason R   stops it and puts everything back`,
      ],
      exitCode: EXIT.interrupted,
    })
  }
  if (last.stale !== null) throw toldByServerAlone(last)
  if (out.json) out.document(last)
  return exitCodeOf(last) ?? EXIT.failed
}

/** What befell the connection or the server, not the call that was lost with it. */
function serverWords(problem: Error): string {
  const found = serverErrorOf(problem)
  if (found === undefined) return problem.message
  if (found.kind === 'late') return 'no answer in time'
  return 'details' in found ? found.details : problem.message
}

/** The outcome is certain, for the server has it recorded; the rest of such a view is not, and would be the last word. */
function toldByServerAlone(view: RunView): Problem {
  return new Problem({
    what: `${view.service}: ${headline(view)}`,
    why: `so much the Temporal server has recorded; the rest is not known: ${view.stale?.why ?? ''}`,
    todo: ['start a worker: cutover worker', `cutover status ${view.service}   then tells all of it`],
    ...(exitCodeOf(view) === undefined ? {} : { exitCode: exitCodeOf(view) as number }),
  })
}

function liveShow(out: Output, access: OpenAccess) {
  const block = live(out, terminalRows)
  return {
    seen(view: RunView) {
      const uiUrl = uiLink(access, view)
      const look = { width: out.width, color: out.color, now: Date.now(), uiUrl }
      const isEnd = exitCodeOf(view) !== undefined
      const height = terminalRows() - 2
      const lines = fittedText(view, look, height)
      const foot = isEnd && view.outcome !== 'stuck' ? [] : ['', dimmed(out, 'Ctrl-C leaves the run running')]
      block.draw([...lines, ...foot])
    },
    end: () => block.end(),
  }
}

function terminalRows(): number {
  return process.stdout.rows || ROWS_UNKNOWN
}

function lineShow(out: Output) {
  const lines = lineLog()
  return {
    seen: (view: RunView) => {
      for (const line of lines(view)) out.line(line)
    },
    end: () => {},
  }
}

function dimmed(out: Output, text: string): string {
  return out.color ? `\u001b[2m${text}\u001b[22m` : text
}

/** The whole view once. */
export function showOnce(view: RunView, out: Output, access: OpenAccess): void {
  if (out.json) return out.document(view)
  const fold = { ...UNFOLDED, logLines: view.stale === null ? UNFOLDED.logLines : LOG_LINES_STALE }
  const look = { width: out.width, color: out.color, now: Date.now(), fold, uiUrl: uiLink(access, view) }
  for (const line of runText(view, look)) out.line(line)
}
