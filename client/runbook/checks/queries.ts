// Queries of guards, of idle proofs and of drains: whether they can be read, and whether what they answer could ever be bad.
import type { ProviderSpec } from '../../../activities/provider.ts'
import type { Json, JsonObject } from '../../../workflows/json.ts'
import { DURATION, type TimeUnit, threshold } from '../../../workflows/quantities.ts'
import { Limit, Unit } from '../../../workflows/scalars.ts'
import type { Finding, Path } from '../problem.ts'
import { entries, isObject, stepsOf } from '../uses.ts'
import type { Limits, QueryFault } from './promql/query-fault.ts'
import { templateFaultsOfText } from './promql/templates.ts'

const NAMES_SIDE = /\$side\b/

/** What would make the queries useless, and what is worth a word. */
export async function queryFindings(
  runbook: JsonObject,
  specs: readonly ProviderSpec[],
): Promise<{ findings: Finding[]; cautions: Finding[] }> {
  const queries = queriesOf(runbook)
  const spoken = queries.filter(({ from }) => speaksPromql(from, runbook, specs))
  const findings = queries
    .filter((query) => !spoken.includes(query))
    .flatMap((query) => [
      ...at(query.path, templateFaultsOfText(query.text)),
      ...comparedWithItself(query, NAMES_SIDE.test(query.text)),
    ])
  if (spoken.length === 0) return { findings, cautions: [] }
  // The grammar costs start-up time that other runbooks need not pay.
  const [{ parseQuery }, { queryFaults }, { queryCautions, seriesOf }] = await Promise.all([
    import('./promql/expression.ts'),
    import('./promql/faults.ts'),
    import('./promql/cautions.ts'),
  ])
  const cautions: Finding[] = spoken.flatMap(samplesOfBoth)
  for (const query of spoken) {
    const parsed = parseQuery(query.text)
    const faults = at(query.path, queryFaults(parsed, query.limits))
    const series = seriesOf(parsed)
    findings.push(...faults, ...comparedWithItself(query, series.namesSide))
    if (faults.length > 0) continue // what it asks for is not known then
    const asked = unitFindings(query, series.metrics)
    findings.push(...asked.findings)
    cautions.push(...at(query.path, queryCautions(parsed, query.limits)), ...asked.cautions)
  }
  return { findings, cautions }
}

/** Samples of both sides make a side look well counted that hardly anybody asks. */
function samplesOfBoth({ path, text, limits, holder }: Query): Finding[] {
  const isCounted = limits.what === 'samples' && limits.min !== undefined && limits.min > 0
  if (!isCounted || NAMES_SIDE.test(text) || !NAMES_SIDE.test(String(holder['query']))) return []
  const message = 'the samples are not counted by $side, as the query is: those of the other side count too'
  return [{ path, message, fix: 'put $side where the sides differ, for example side="$side"' }]
}

/** Both sides would be asked the same: whatever the answer is, it is not worse than itself. */
function comparedWithItself({ path, limits, guard }: Query, namesSide: boolean): Finding[] {
  if (!limits.compares || guard === null) return []
  if (guard['side'] === 'old') {
    const fix = 'write side: new, or leave compare out'
    return [
      {
        path: [...path.slice(0, -1), 'side'],
        message: 'the old side is compared with itself: it can never be bad',
        fix,
      },
    ]
  }
  if (namesSide) return []
  const message = 'compared with itself: the query does not ask by $side, so both sides give the same answer'
  return [{ path, message, fix: 'put $side where the sides differ, for example side="$side"' }]
}

const TIME_SUFFIXES: { [suffix: string]: TimeUnit } = {
  nanoseconds: 'ns',
  ns: 'ns',
  microseconds: 'us',
  us: 'us',
  milliseconds: 'ms',
  millis: 'ms',
  msecs: 'ms',
  msec: 'ms',
  ms: 'ms',
  seconds: 's',
  secs: 's',
  sec: 's',
  minutes: 'm',
  hours: 'h',
  days: 'd',
}
const SUFFIX = /_([a-z]+)(?:_(?:bucket|sum|count|total|max|min|avg|mean|p\d+))*(?::.*)?$/i

/** A duration is held against seconds unless the guard says what its query counts in. */
function unitFindings(
  { path, guard }: Query,
  metrics: string[],
): { findings: Finding[]; cautions: Finding[] } {
  const none = { findings: [], cautions: [] }
  const limit = guard === null ? null : durationLimit(guard)
  if (guard === null || limit === null || path.at(-1) !== 'query') return none
  const units = metrics.map((metric) => ({ metric, unit: unitOf(metric) }))
  const other = units.find(({ unit }) => unit !== null && unit !== (guard['unit'] ?? 's'))
  if (other !== undefined) {
    const { metric, unit } = other
    const said = guard['unit'] === undefined ? 'read as seconds' : `read in ${String(guard['unit'])}`
    const message = `${limit} is held against a number of ${metric}, which counts in ${unit} by its name: ${said}`
    if (guard['unit'] !== undefined)
      return {
        findings: [],
        cautions: [
          {
            path: [...path.slice(0, -1), 'unit'],
            message,
            fix: `write unit: ${unit}, unless the query converts`,
          },
        ],
      }
    const fix = `write unit: ${unit}, or unit: s where the query converts to seconds`
    return { findings: [{ path, message, fix }], cautions: [] }
  }
  const isKnown = guard['unit'] !== undefined || units.some(({ unit }) => unit !== null)
  if (isKnown || metrics.length === 0) return none
  const message = `${limit} is held against a number of ${metrics[0] || 'a metric without a name'} as if it were seconds`
  return { findings: [], cautions: [{ path, message, fix: 'say what it counts in: unit: s, or unit: ms' }] }
}

function unitOf(metric: string): TimeUnit | null {
  const suffix = SUFFIX.exec(metric)?.[1]?.toLowerCase() ?? ''
  return Object.hasOwn(TIME_SUFFIXES, suffix) ? (TIME_SUFFIXES[suffix] ?? null) : null
}

function durationLimit({ max, min, compare }: JsonObject): string | null {
  const limits = [max, min, isObject(compare) ? compare['difference_max'] : undefined]
  return limits.find((limit): limit is string => typeof limit === 'string' && DURATION.test(limit)) ?? null
}

/** `holder`: the fields beside it; `guard`: those of the guard whose query it is, null = a query of something else. */
type Query = {
  text: string
  from: string
  path: Path
  limits: Limits
  holder: JsonObject
  guard: JsonObject | null
}

function queriesOf(runbook: JsonObject): Query[] {
  return [
    ...entries(runbook['guards']).flatMap(([name, guard]) => [
      ...queryAt(guard, ['guards', name, 'query'], (fields) => ({
        ...bounds(fields),
        ...comparedBounds(fields),
        what: 'guard',
      })),
      ...queryAt(guard, ['guards', name, 'samples'], ({ min_samples: min }) => ({
        ...(typeof min === 'number' ? { min } : {}),
        compares: false,
        what: 'samples',
      })),
    ]),
    ...stepsOf(runbook).flatMap(({ spec, path }) => [
      ...queryAt(spec['idle_proof'] ?? null, [...path, 'idle_proof', 'query'], (fields) => ({
        ...bounds({ max: 0, ...fields }),
        compares: false,
        what: 'idle proof',
      })),
      ...queryAt(spec['in_flight'] ?? null, [...path, 'in_flight', 'query'], () => ({
        ...bounds({ max: spec['most'] ?? 0 }),
        compares: false,
        what: 'in flight',
      })),
      ...queryAt(spec['carries'] ?? null, [...path, 'carries', 'load'], ({ per_instance: each }) => ({
        ...(typeof each === 'number' ? { max: each } : {}),
        compares: false,
        what: 'load',
      })),
    ]),
  ]
}

function queryAt(holder: Json, path: Path, limitsOf: (fields: JsonObject) => Limits): Query[] {
  if (!isObject(holder)) return []
  const [text, from] = [holder[String(path.at(-1))], holder['from']]
  if (typeof text !== 'string' || typeof from !== 'string') return []
  const limits = limitsOf(holder)
  const guard = limits.what === 'guard' ? holder : null
  return [{ text, from, path, limits, holder, guard }]
}

/** As far as they are limits at all: what is none is said elsewhere. */
function bounds({ max, min, unit }: JsonObject): { max?: number; min?: number } {
  const number = (limit: Json | undefined): number | null => {
    const parsed = Limit.safeParse(limit)
    const known = Unit.optional().safeParse(unit)
    return parsed.success && known.success ? threshold(parsed.data, known.data) : null
  }
  const [upper, lower] = [number(max), number(min)]
  return { ...(upper === null ? {} : { max: upper }), ...(lower === null ? {} : { min: lower }) }
}

function comparedBounds({ compare, unit }: JsonObject): Pick<Limits, 'compares' | 'difference' | 'increase'> {
  if (!isObject(compare)) return { compares: compare !== undefined }
  const { max: difference } = bounds({
    max: compare['difference_max'] ?? null,
    ...(unit === undefined ? {} : { unit }),
  })
  const { max: increase } = bounds({ max: compare['increase_max'] ?? null })
  return {
    compares: true,
    ...(difference === undefined ? {} : { difference }),
    ...(increase === undefined ? {} : { increase }),
  }
}

function at(path: Path, faults: QueryFault[]): Finding[] {
  return faults.map((fault) => ({ path, ...fault }))
}

function speaksPromql(from: string, runbook: JsonObject, specs: readonly ProviderSpec[]): boolean {
  const connection = entries(runbook['connections']).find(([name]) => name === from)?.[1]
  const provider = isObject(connection) ? connection['provider'] : undefined
  const supports = specs.find(({ id }) => id === provider)?.supports
  return supports?.port === 'metrics' && supports.language === 'promql'
}
