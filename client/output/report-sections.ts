// The tables and charts of the HTML report. Pure: report in, HTML out.
import { formatDuration } from '../../workflows/quantities.ts'
import { decisionWords } from '../../workflows/run/decision-words.ts'
import type { ChangeView } from '../../view/model.ts'
import type { Report, ReportSeries, ReportStep } from '../../view/report.ts'
import { guardChart } from './chart.ts'
import type { Html } from './html.ts'
import { html } from './html.ts'
import { counted, valueText } from './words.ts'

export function stepsTable({ steps }: Report): Html {
  return rowsTable(
    'Steps, planned and actual',
    ['#', 'Step', 'State', 'Planned', 'Actual', 'Way back'],
    steps.map(stepRow),
  )
}

function stepRow(step: ReportStep): Html {
  const { planned, actual } = step
  const longest = planned.longestMs === null ? 'a decision' : formatDuration(planned.longestMs)
  const least = planned.shortestMs === 0 ? 'up to ' : `${formatDuration(planned.shortestMs)} to `
  const notes = step.notes.map((note) => html`<li>${note}</li>`)
  const back = planned.irreversible === null ? planned.back : `cannot go back: ${planned.irreversible}`
  return html`<tr>
    <td class="number">${step.index}</td>
    <td>
      ${step.title}<br /><span class="soft">${step.kind}</span>${
        notes.length === 0
          ? null
          : html`<details>
              <summary>${counted(notes.length, 'note')}</summary>
              <ul class="notes">
                ${notes}
              </ul>
            </details>`
      }
    </td>
    <td><span class="badge ${step.status}">${step.status}</span></td>
    <td>
      ${least}${longest}<br /><span class="soft"
        >${counted(planned.changes.length, 'change')}${planned.decides === null ? null : `, ${planned.decides}`}</span
      >
    </td>
    <td class="short">
      ${actual.tookMs === null ? '-' : formatDuration(actual.tookMs)}<br /><span class="soft"
        >${counted(actual.changes.length, 'change')}</span
      >
    </td>
    <td class="soft">${back}</td>
  </tr>`
}

export function changesTable({ run }: Report): Html {
  if (run.changes.length === 0) return html`<p class="soft">Nothing was changed.</p>`
  return rowsTable(
    'Changes, in order',
    ['#', 'Step', 'Target', 'Before', 'Desired', 'State', 'Verified', 'At'],
    run.changes.map(changeRow),
  )
}

function changeRow(change: ChangeView): Html {
  return html`<tr>
    <td class="number">${change.number}</td>
    <td>${change.step}</td>
    <td>${change.connection}/${change.target}</td>
    <td class="value">${valueText(change.before)}</td>
    <td class="value">${valueText(change.desired)}</td>
    <td><span class="badge ${change.status}">${change.status}</span></td>
    <td class="${change.verified ? 'yes' : 'no'}">${change.verified ? 'yes' : 'no'}</td>
    <td class="soft">${change.at}</td>
  </tr>`
}

export function restorationsTable({ run }: Report): Html {
  const rows = run.restorations.map(
    ({ connection, target, before, status, note, at }) =>
      html`<tr>
        <td>${connection}/${target}</td>
        <td class="value">${valueText(before)}</td>
        <td><span class="badge ${status}">${status}</span></td>
        <td>${note}</td>
        <td class="soft">${at}</td>
      </tr>`,
  )
  return rowsTable('Targets, as they were restored', ['Target', 'Restored to', 'State', 'Note', 'At'], rows)
}

const UNREAD = 'Unknown: whether and how it was watched only a worker can tell.'

export function guardSections({ guards, run }: Report): Html {
  const isWhole = run.stale === null
  if (guards.length === 0)
    return html`<p class="soft">
      ${isWhole ? 'Nothing was watched.' : 'Unknown: only a worker can tell what was watched.'}
    </p>`
  return html`${guards.map((series) => guardSection(series, isWhole))}`
}

const CUT =
  'The run went back from a step in which this was watched: of what a watch under way then had read, the newest few readings are kept at most, and how many there were is not known.'

function guardSection(series: ReportSeries, isWhole: boolean): Html {
  const { subject, side, query, breach, readings, sum, isCut } = series
  const { good, bad, unknown } = sum
  const all = good + bad + unknown
  const last = readings.at(-1)
  const isOfSide = side !== null && (query === null || query.includes('$side')) // another query says itself whom it is about
  return html`<h3>${subject}${isOfSide ? ` (${side} side)` : null}</h3>
    <p class="soft">
      ${counted(all, 'reading')}
      ${isWhole ? (all === readings.length ? 'kept' : `of which ${readings.length} are kept`) : 'known here, how many there were is unknown'};
      ${bad} bad, ${unknown} unknown${breach === null ? null : `; a breach is ${breach}`}
    </p>
    ${query === null ? null : html`<p><code>${query}</code></p>`}
    ${readings.length > 0 ? scrolled(`Chart of ${subject}`, guardChart(series)) : all > 0 ? null : html`<p class="soft">${isCut ? null : isWhole ? 'Not watched in this run.' : UNREAD}</p>`}
    ${isCut ? html`<p class="soft">${CUT}</p>` : null}
    ${last === undefined ? null : html`<p>Last: <span class="${last.verdict}">${last.verdict}</span>, ${last.text}</p>`}`
}

export function decisionsTable({ run }: Report): Html {
  if (run.decisions.length === 0)
    return html`<p class="soft">
      ${run.stale === null ? 'Nobody had to decide anything.' : 'Unknown: only a worker can tell what was decided; what was said stands in the timeline.'}
    </p>`
  const rows = run.decisions.map(
    ({ at, actor, verdict, value, gate, reason, accepted, why, via }) =>
      html`<tr>
        <td class="soft">${at}</td>
        <td>${actor}</td>
        <td>${decisionWords({ verdict, value, gate: null })}</td>
        <td>${gate ?? '-'}</td>
        <td>${reason}</td>
        <td class="${accepted ? 'yes' : 'no'}">${answerText(accepted, why)}</td>
        <td class="soft">${via}</td>
      </tr>`,
  )
  const more = run.decisionsNotListed
  return html`${rowsTable('Decisions of people', ['At', 'Who', 'Said', 'Gate', 'Reason', 'Answer', 'Sent as'], rows)}
  ${more === 0 ? null : html`<p class="soft">${more} more had no effect and are only counted.</p>`}`
}

function answerText(accepted: boolean, why: string | null): string {
  if (why === null) return 'recorded'
  return accepted ? `recorded without effect: ${why}` : `refused: ${why}`
}

export function logTable({ run }: Report): Html {
  const rows = run.log.map(
    ({ at, text }) =>
      html`<tr>
        <td>${at}</td>
        <td>${text}</td>
      </tr>`,
  )
  return rowsTable('Timeline', ['At', 'What'], rows)
}

/** What is wider than the page; by keyboard as well. */
function scrolled(label: string, content: Html): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${label}">${content}</div>`
}

function rowsTable(caption: string, titles: string[], rows: Html[]): Html {
  const head = titles.map((title) => html`<th scope="col">${title}</th>`)
  const table = html`<table>
    <caption>
      ${caption}
    </caption>
    <thead>
      <tr>
        ${head}
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`
  return scrolled(caption, table)
}
