// What may never happen while a run goes on, whatever its end: a stranger's value overwritten without a word, instances
// taken away under users, a write that lands when all is said to be over. Judged from samples of the world.
import { sameJson } from '../../workflows/json.ts'
import type { ForeignWrite } from './stranger.ts'
import type { Story } from './story.ts'
import { targetOf } from './people.ts'
import type { TargetName } from './scenario.ts'
import type { Sample } from './sight.ts'

export const SAMPLE_MS = 350 // two looks, one of them unlucky
const RACE_MS = 400 // between look and write of a backend that cannot compare and set
const FAULT_MS = 6_000 // a bad connection or a stopped server stretches that race
const DRAIN_MS = 700 // of the runbook's second, as samples can tell
const LOOKED_MS = 500 // between the last look at traffic and names and the call that relies on it
const CACHED_MS = 900 // of a TTL of a second and a margin

export function overwritten(story: Story): string[] {
  return story.deeds.foreign.flatMap((theirs) => {
    if (theirs.target === 'fleet new') return [] // counts are an autoscaler's to change, and the run's to restore
    const next = story.deeds.foreign.find(({ target, at }) => target === theirs.target && at > theirs.at)
    const gone = story.samples.find(
      (sample) =>
        sample.at > theirs.at + SAMPLE_MS &&
        sample.at < (next?.at ?? Infinity) &&
        isSeen(sample, theirs.target) &&
        !holds(sample, theirs),
    )
    if (gone === undefined || hasWord(story, theirs, gone.at) || isRace(story, theirs, gone.at)) return []
    const after = gone.at - theirs.at
    return [
      `${JSON.stringify(theirs.value)} of a stranger at ${theirs.target} was overwritten unasked after ${after} ms`,
    ]
  })
}

/** A person answered a question about this target, other than by abort: the way back has to ask for itself. */
function hasWord({ answered }: Story, theirs: ForeignWrite, until: number): boolean {
  return answered.some(
    (each) =>
      each.verdict !== 'abort' &&
      each.at >= theirs.at &&
      each.at <= until &&
      targetOf(each) === theirs.target,
  )
}

function isRace({ scenario, deeds }: Story, theirs: ForeignWrite, goneAt: number): boolean {
  const { edge, zone } = scenario.shape
  const backend = theirs.target === 'zone record' ? zone : edge
  const canCompare = ['envoy', 'nginx', 'traefik', 'caddy', 'bind'].includes(backend)
  if (canCompare) return goneAt - theirs.at < SAMPLE_MS + 100
  const links = scenario.acts.flatMap(({ what }): string[] => (what.kind === 'toxic' ? [what.link] : []))
  const isBad =
    links.includes(backend) || deeds.downs.some(({ server }) => server === backend || server === 'worker')
  return goneAt - theirs.at < SAMPLE_MS + (isBad ? FAULT_MS : RACE_MS)
}

function isSeen(sample: Sample, target: TargetName): boolean {
  return (target === 'zone record' ? sample.record : sample.edge) !== null
}

function holds({ edge, record }: Sample, { target, value }: ForeignWrite): boolean {
  if (target === 'zone record') return sameJson(record as never, sorted(value) as never)
  if (target === 'edge cohort')
    return sameJson((edge?.members ?? []) as never, (value as { users: string[] }).users)
  const { old, new: fresh } = value as { old: number; new: number }
  return edge !== null && Math.abs(share(edge) - share({ old, new: fresh })) < 0.01
}

function share({ old, new: fresh }: { old: number; new: number }): number {
  return fresh / (old + fresh)
}

function sorted(value: unknown): object {
  const { ttl, values } = value as { ttl: number; values: string[] }
  return { ttl, values: values.toSorted() }
}

/** No step takes new instances away, and on the way back they may go when no user has been led to them for the drain, or the TTL. */
export function instancesTaken(story: Story): string[] {
  const { samples, deeds } = story
  return samples.flatMap((sample, index) => {
    const before = samples.slice(0, index).findLast(({ fleet }) => fleet !== null)
    if (!before?.fleet || !sample.fleet || sample.fleet.new >= before.fleet.new) return []
    const isTheirs = deeds.foreign.some(
      ({ target, at }) => target === 'fleet new' && at >= before.at - SAMPLE_MS && at <= sample.at,
    )
    if (isTheirs) return []
    const what = `instances ${before.fleet.new} -> ${sample.fleet.new}`
    if (isForward(story, sample.at)) return [`${what} on the way there`]
    if (isLedMeanwhile(story, sample.at)) return []
    const led = ledToNew(story, before.at)
    return led === null ? [] : [`${what} while ${led}`]
  })
}

/** A stranger led users there when the call that took them away had begun: it could not look again. */
function isLedMeanwhile({ calls, deeds }: Story, at: number): boolean {
  const call = calls.findLast(
    (each) => each.call === 'restore' && each.target === 'fleet new' && each.at <= at,
  )
  const theirs = deeds.foreign.findLast((each) => each.target !== 'fleet new' && each.at <= at)
  return call !== undefined && theirs !== undefined && theirs.at > call.at - LOOKED_MS
}

function isForward({ view }: Story, at: number): boolean {
  return view.unwindingSince === null || at < Date.parse(view.unwindingSince)
}

function ledToNew({ samples, newEntry, view, start }: Story, until: number): string | null {
  const touched = (connection: string): boolean =>
    view.changes.some((each) => each.connection === connection && each.status !== 'noop')
  const recent = (ms: number) => samples.filter(({ at }) => at > until - ms && at <= until)
  const byEdge = recent(DRAIN_MS).findLast(({ edge }) => edge !== null && edge.new > start.edge.new)
  if (byEdge !== undefined && touched('edge'))
    return `the edge gave ${Math.round(100 * share(byEdge.edge ?? { old: 1, new: 0 }))} % to new ${until - byEdge.at} ms before`
  const byName = recent(CACHED_MS).findLast(({ record }) => record?.values.includes(newEntry))
  if (byName !== undefined && touched('zone')) return `the name led to new ${until - byName.at} ms before`
  return null
}

/** After the end nothing changes any more but what strangers do. */
export function lateLandings({ samples, closedAt, deeds }: Story): string[] {
  return (['edge', 'record', 'fleet'] as const).flatMap((part) => {
    const seen = samples.filter((sample) => sample.at > closedAt && sample[part] !== null)
    const [first] = seen
    const other = seen.find((sample) => !sameJson(sample[part] as never, first?.[part] as never))
    if (first === undefined || other === undefined) return []
    if (deeds.foreign.some(({ at }) => at > closedAt - SAMPLE_MS)) return []
    const after = other.at - closedAt
    return [
      `${part} changed ${after} ms after the end: ${JSON.stringify(first[part])} -> ${JSON.stringify(other[part])}`,
    ]
  })
}
