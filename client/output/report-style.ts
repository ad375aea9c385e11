// The style sheet of the report: light and dark by the reader's preference, printable, no fonts from elsewhere.
export const REPORT_STYLE = `
:root { color-scheme: light dark; --ink: #1a1d21; --soft: #5b6470; --paper: #fff; --panel: #f5f6f8; --rule: #dde1e6;
  --good: #1a7f37; --bad: #cf222e; --unknown: #9a6700; --old: #4a6fa5; --new: #1a7f37; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ed; --soft: #9aa4b0; --paper: #14171a; --panel: #1d2126;
  --rule: #333a42; --good: #4ac26b; --bad: #ff7b72; --unknown: #d4a72c; --old: #7aa2d8; --new: #4ac26b; } }
* { box-sizing: border-box } body { margin: 0 auto; max-width: 68rem; padding: 2rem 1.25rem 4rem; background: var(--paper);
  color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0 } h2 { font-size: 1.15rem; margin: 2.4rem 0 .6rem } h3 { font-size: 1rem; margin: 1.2rem 0 .2rem }
p { margin: .3rem 0 } .soft, .time { color: var(--soft) } code, td.value { font: 13px/1.45 ui-monospace, monospace; overflow-wrap: anywhere }
.scroll { overflow-x: auto } table { border-collapse: collapse; width: 100% } caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
nav { display: flex; flex-wrap: wrap; gap: .2rem 1rem; margin: 1rem 0 } a { color: var(--old) } pre { overflow-x: auto; font: 12px/1.45 ui-monospace, monospace; background: var(--panel); padding: .8rem; border-radius: .4rem }
summary { cursor: pointer; color: var(--soft) } footer { margin-top: 2.4rem }
th, td { text-align: left; vertical-align: top; padding: .4rem .7rem .4rem 0; border-bottom: 1px solid var(--rule) }
th { color: var(--soft); font-weight: 600; font-size: 13px } td.short { white-space: nowrap } td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
.badge { display: inline-block; padding: .05rem .55rem; border-radius: 1rem; border: 1px solid currentColor; font-size: 13px; white-space: nowrap }
.good, .done, .applied, .completed, .yes { color: var(--good) } .bad, .failed, .stuck, .terminated, .no { color: var(--bad) }
.unknown, .undone, .skipped, .left, .intended, .remainder { color: var(--unknown) }
dl.facts { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1.2rem; background: var(--panel); padding: .9rem 1.1rem; border-radius: .5rem; margin: 1rem 0 }
dl.facts dt { color: var(--soft) } dl.facts dd { margin: 0; overflow-wrap: anywhere } ul.notes { margin: .3rem 0; padding-left: 1.1rem; color: var(--soft); font-size: 14px }
svg { width: 100%; height: auto; background: var(--panel); border-radius: .4rem } svg text { font: 11px system-ui, sans-serif; fill: var(--soft) }
svg .axis { stroke: var(--rule) } svg .limit { stroke: var(--bad); stroke-dasharray: 5 4 } svg .limit-label { fill: var(--bad) }
svg .line { fill: none; stroke: var(--old); stroke-width: 1.5 } svg circle { stroke: none } svg circle.good { fill: var(--good) }
svg circle.bad { fill: var(--bad) } svg circle.unknown { fill: var(--unknown) }
.weights { display: flex; height: .7rem; border-radius: .35rem; overflow: hidden; margin: .4rem 0 } .weights .old { background: var(--old) } .weights .new { background: var(--new) }
#timeline ~ * td:first-child { white-space: nowrap; color: var(--soft); font-variant-numeric: tabular-nums }
@media (max-width: 30rem) { body { padding: 1rem .8rem 2rem } dl.facts { grid-template-columns: 1fr } dl.facts dd { margin-bottom: .5rem } svg { min-width: 30rem } }
/* On paper: light whatever the reader prefers on screens, nothing folded, nothing that scrolls. */
@media print {
  :root { color-scheme: light; --ink: #1a1d21; --soft: #5b6470; --paper: #fff; --panel: #f5f6f8; --rule: #dde1e6;
    --good: #1a7f37; --bad: #cf222e; --unknown: #9a6700; --old: #4a6fa5; --new: #1a7f37; }
  @page { margin: 14mm }
  body { max-width: none; padding: 0; font-size: 11px } h1 { font-size: 18px } h2 { font-size: 14px; margin-top: 1.6rem } h3 { font-size: 12px }
  th, .badge, ul.notes, code, td.value, pre { font-size: 10px } ul.notes li::marker { font-size: 8px }
  nav, .screen { display: none } a { color: inherit; text-decoration: none }
  .weights div, .badge, dl.facts, pre, svg { print-color-adjust: exact }
  details::details-content { content-visibility: visible; block-size: auto } summary { list-style: none; font-weight: 600 } summary::-webkit-details-marker { display: none }
  .scroll, pre { overflow: visible } pre { white-space: pre-wrap; overflow-wrap: anywhere } svg { min-width: 0 }
  h2, h3, summary { break-after: avoid } tr, svg, dl.facts, .weights { break-inside: avoid } thead { display: table-header-group }
}
`
