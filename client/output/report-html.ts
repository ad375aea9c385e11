// The report as one HTML page that needs nothing else. Pure. Every value is escaped by the template.
import type { Report } from '../../view/report.ts'
import { UNKNOWN_WEIGHTS, shownEdges } from './edges.ts'
import type { Html } from './html.ts'
import { html } from './html.ts'
import {
  changesTable,
  decisionsTable,
  guardSections,
  logTable,
  restorationsTable,
  stepsTable,
} from './report-sections.ts'
import { REPORT_STYLE } from './report-style.ts'
import { headline } from './run-text.ts'
import { lasted } from './words.ts'

/** No script and nothing from elsewhere may run, whatever a backend's words contain. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'"

export function reportHtml(report: Report): string {
  const { run } = report
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${POLICY}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${run.service}: ${run.outcome ?? run.phase}</title>
        <style>
          ${{ html: REPORT_STYLE }}
        </style>
      </head>
      <body>
        <h1>
          ${run.service} <span class="badge ${run.outcome ?? 'soft'}">${run.outcome ?? run.phase}</span>
        </h1>
        <p class="soft">${report.description}</p>
        <p>${headline(run)}</p>
        ${run.stale === null ? null : html`<p class="unknown">This report is partial: ${run.stale.why}. It rests on what the Temporal server knows by itself; what only a worker knows is called unknown.</p>`}
        ${weightsBars(report)} ${facts(report)}
        <h2>Steps: planned and actual</h2>
        ${stepsTable(report)}
        <h2>Changes</h2>
        ${changesTable(report)}
        ${
          run.restorations.length === 0
            ? null
            : html`<h2>Way back</h2>
                ${restorationsTable(report)}`
        }
        <h2>Guards</h2>
        ${guardSections(report)}
        <h2>Decisions</h2>
        ${decisionsTable(report)}
        <h2>Timeline</h2>
        ${logTable(report)}
      </body>
    </html> `
  return page.html
}

function weightsBars({ run }: Report): Html[] {
  return shownEdges(run).map(({ name, weights }) => {
    const of = name === '' ? '' : `${name}: `
    if (weights === null) return html`<p class="unknown">${of}${UNKNOWN_WEIGHTS}</p>`
    const { old, new: fresh } = weights
    return html`<div class="weights" role="img" aria-label="${of}old ${old} %, new ${fresh} %">
        <div class="old" style="width:${old}%"></div>
        <div class="new" style="width:${fresh}%"></div>
      </div>
      <p class="soft">${of}old ${old} %, new ${fresh} % as last verified</p>`
  })
}

function facts({ run, writtenAt }: Report): Html {
  const rows: [string, string | null][] = [
    ['Plan', run.digest],
    ['Run', `${run.workflowId} ${run.runId}`],
    ['Started', run.startedAt === null ? null : `${run.startedAt} by ${run.startedBy ?? 'unknown'}`],
    [
      'Ended',
      run.endedAt === null
        ? null
        : `${run.endedAt}, after ${lasted(run.startedAt, run.endedAt, Date.parse(run.endedAt))}`,
    ],
    ['Went back because', run.reason === null ? null : `${run.reason.text} (${run.reason.at})`],
    ['Later also', run.laterReasons.map(({ text, at }) => `${text} (${at})`).join('; ') || null],
    ['Restored in', run.restoredAt === null ? null : lasted(run.unwindingSince, run.restoredAt, 0)],
    [
      'Point of no return',
      run.pointOfNoReturn === null ? null : `${run.pointOfNoReturn.step}: ${run.pointOfNoReturn.why}`,
    ],
    [
      'Left to a person',
      run.remainder.map(({ connection, target, note }) => `${connection}/${target}: ${note}`).join('; ') ||
        null,
    ],
    ['Report written', writtenAt],
  ]
  const lines = rows.flatMap(([name, value]) =>
    value === null
      ? []
      : [
          html`<dt>${name}</dt>
            <dd>${value}</dd>`,
        ],
  )
  return html`<dl class="facts">${lines}</dl>`
}
