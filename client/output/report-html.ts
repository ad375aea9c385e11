// The report as one HTML page that needs nothing else. Pure. Every value is escaped by the template.
import type { Report } from '../../view/report.ts'
import { stringify } from 'yaml'
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
import { summary } from './report-summary.ts'
import { declarationText, lasted } from './words.ts'

const LOG_FOLDED_AT = 60 // lines: more are not read at once

/** No script and nothing from elsewhere may run, whatever a backend's words contain. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'"

/** What the page is told besides: where the run is in the Temporal UI, and the hash of the report as JSON, beside it. */
export type PageFacts = { uiLink: string | null; sha256: string }

export function reportHtml(report: Report, { uiLink, sha256 }: PageFacts): string {
  const { run } = report
  const sections = sectionsOf(report)
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
        <header>
          <h1>
            ${run.service} <span class="badge ${run.outcome ?? 'soft'}">${run.outcome ?? run.phase}</span>
          </h1>
          <p class="soft">${report.description}</p>
          ${summary(report)}
          ${run.stale === null ? null : html`<p class="unknown">This report is partial: ${run.stale.why}. It rests on what the Temporal server knows by itself; what only a worker knows is called unknown.</p>`}
          ${weightsBars(report)} ${facts(report, { uiLink, sha256 })}
          <nav aria-label="Sections">
            ${sections.map(({ id, title }) => html`<a href="#${id}">${title}</a> `)}
          </nav>
        </header>
        <main>${sections.map(sectionHtml)}</main>
        <footer class="soft">
          <p>Written ${report.writtenAt} by cutover ${report.writtenBy}.</p>
        </footer>
      </body>
    </html> `
  return page.html
}

type Section = { id: string; title: string; body: Html; isFolded?: boolean }

function sectionsOf(report: Report): Section[] {
  const back: Section[] =
    report.run.restorations.length === 0
      ? []
      : [{ id: 'way-back', title: 'Way back', body: restorationsTable(report) }]
  return [
    { id: 'steps', title: 'Steps: planned and actual', body: stepsTable(report) },
    { id: 'changes', title: 'Changes', body: changesTable(report) },
    ...back,
    { id: 'guards', title: 'Guards', body: guardSections(report) },
    { id: 'decisions', title: 'Decisions', body: decisionsTable(report) },
    {
      id: 'timeline',
      title: 'Timeline',
      body: logTable(report),
      isFolded: report.run.log.length > LOG_FOLDED_AT,
    },
    { id: 'plan', title: 'The plan that was carried out', body: planText(report), isFolded: true },
  ]
}

function sectionHtml({ id, title, body, isFolded = false }: Section): Html {
  const heading = html`<h2 id="${id}">${title}</h2>`
  if (!isFolded) return html`<section aria-labelledby="${id}">${heading} ${body}</section>`
  return html`<section aria-labelledby="${id}">
    ${heading}
    <details>
      <summary class="screen">Show</summary>
      ${body}
    </details>
  </section>`
}

/** Secrets are references in it, never values. */
function planText({ plan }: Report): Html {
  return html`<pre tabindex="0" aria-label="The plan as YAML">${stringify(plan, { lineWidth: 0 })}</pre>`
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

function facts({ run, writtenAt }: Report, { uiLink, sha256 }: PageFacts): Html {
  const ui = uiLink === null ? null : html`<a href="${uiLink}">${uiLink}</a>`
  const rows: [string, Html | string | null][] = [
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
    ['To be declared', run.declare.map(declarationText).join('; ') || null],
    ['Temporal UI', ui],
    ['Report written', writtenAt],
    ['SHA-256 of its JSON', sha256],
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
