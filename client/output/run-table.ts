// Runs as a table. Pure.
import type { ListedRun } from '../../view/list.ts'
import { harmless, paint } from './paint.ts'
import { table } from './table.ts'
import { away } from './words.ts'

const RUN_ID_SHOWN = 13 // the time in it, to the millisecond: runs begun within a minute share the first eight digits

export function runTable(raw: ListedRun[], look: { width: number; color: boolean; now: number }): string[] {
  if (raw.length === 0) return []
  const runs = harmless(raw)
  const ink = paint(look.color)
  const columns = [
    { title: 'SERVICE', flexible: true, paint: ink.bold },
    {
      title: 'PHASE',
      paint: (text: string, row: number) => {
        const run = runs[row]
        if (run?.outcome === 'completed') return ink.green(text)
        if (run?.phase === 'stuck' || run?.outcome === 'terminated' || run?.outcome === 'failed')
          return ink.red(text)
        return run?.endedAt === null && run.phase !== 'unwinding' ? ink.cyan(text) : ink.yellow(text)
      },
    },
    { title: 'NEW', align: 'right' as const },
    { title: 'GATE', flexible: true, paint: ink.magenta },
    { title: 'STARTED', paint: ink.dim },
    { title: 'ENDED', paint: ink.dim },
    { title: 'RUN', paint: ink.dim }, // the beginning of the id, enough for --run
  ]
  const rows = runs.map((run) => [
    run.service,
    run.outcome ?? run.phase ?? 'unknown',
    run.weight === null ? '-' : `${run.weight}%`,
    run.gate ?? '-',
    away(run.startedAt, look.now),
    run.endedAt === null ? '-' : away(run.endedAt, look.now),
    run.runId.slice(0, RUN_ID_SHOWN),
  ])
  return table(columns, rows, { width: look.width, paint: ink })
}
