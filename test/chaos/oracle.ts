// Judges how a run ended by the world alone: what it says must be so, and nothing may have happened on the way that it
// promises never to do. Each problem is a sentence; none = a right end.
import { sameJson } from '../../workflows/json.ts'
import type { Story } from './story.ts'
import { SAMPLE_MS, instancesTaken, lateLandings, overwritten } from './on-the-way.ts'
import { targetOf } from './people.ts'
import { wantedAfter } from './runbook.ts'
import type { TargetName } from './scenario.ts'
import { shareOf } from './share.ts'
import type { Sight } from './sight.ts'

export function problemsOf(story: Story): string[] {
  const { closed, view, lies } = story
  if (closed === null)
    return [`the run did not end: ${view.phase}, gates ${view.gates.map(({ id }) => id).join(', ')}`]
  if (closed !== 'completed') return [`the run was ${closed}`]
  return [
    ...outcomeProblems(story),
    ...weightProblems(story),
    ...overwritten(story),
    ...instancesTaken(story),
    ...lateLandings(story),
    ...gateProblems(story),
    ...abortProblems(story),
    ...lostProblems(story),
    ...story.open.map((id) => `${id} is left open`),
    ...new Set(lies),
  ]
}

/** One thing that the run can leave wrong, with the name under which a remainder would list it. */
type Place = {
  name: string
  connection: string
  target: string
  of: TargetName
  value(sight: Sight): unknown
}

const PLACES: Place[] = [
  {
    name: 'the split',
    connection: 'edge',
    target: 'split',
    of: 'edge split',
    value: ({ edge }) => [edge.old, edge.new],
  },
  {
    name: 'the mirror',
    connection: 'edge',
    target: 'mirror',
    of: 'edge split',
    value: ({ edge }) => edge.mirror,
  },
  {
    name: 'the cohort',
    connection: 'edge',
    target: 'cohort',
    of: 'edge cohort',
    value: ({ edge }) => edge.members,
  },
  {
    name: 'what the proxy serves',
    connection: 'edge',
    target: 'split',
    of: 'edge split',
    value: ({ edge }) => edge.served,
  },
  {
    name: 'the record',
    connection: 'zone',
    target: 'api.example.test. A',
    of: 'zone record',
    value: ({ record }) => record,
  },
  {
    name: 'new instances',
    connection: 'fleet',
    target: 'new',
    of: 'fleet new',
    value: ({ fleet }) => fleet.new,
  },
  {
    name: 'old instances',
    connection: 'fleet',
    target: 'old',
    of: 'fleet new',
    value: ({ fleet }) => fleet.old,
  },
]

function outcomeProblems(story: Story): string[] {
  const { view } = story
  if (view.outcome === 'restored') return PLACES.flatMap((place) => wrongIn(story, place, { isBack: true }))
  if (view.outcome === 'completed') return PLACES.flatMap((place) => wrongIn(story, place, { isBack: false }))
  if (view.outcome !== 'completed-with-remainder') return [`the run ended as ${view.outcome}`]
  const isBack = view.reason !== null
  const unlisted = PLACES.filter(
    ({ connection, target }) =>
      !view.remainder.some((each) => each.connection === connection && each.target === target),
  )
  return [...unlisted.flatMap((place) => wrongIn(story, place, { isBack })), ...remainderProblems(story)]
}

function wrongIn(story: Story, place: Place, { isBack }: { isBack: boolean }): string[] {
  const { start, end, scenario, newEntry, view } = story
  const found = place.value(end)
  const expected = place.value(isBack ? start : wantedAfter(scenario.shape, start, newEntry))
  if (isAsExpected(place, found, expected) || wasTooLate(story, place)) return []
  const theirs = story.deeds.foreign.findLast(({ target }) => target === place.of)
  const isMore = place.name === 'new instances' && Number(found) > Number(expected)
  if (!isBack && isMore && theirs !== undefined) return [] // an autoscaler's: more than ordered is as ordered
  const isUntouched = !view.changes.some(
    (each) => each.connection === place.connection && each.target === place.target && each.status !== 'noop',
  )
  const isLeft = isUntouched || isStartedFrom(story, place)
  if (isBack && theirs !== undefined && isLeft && isValue(place, found, theirs.value)) return []
  return [
    `${view.outcome}, but ${place.name}: ${JSON.stringify(found)} instead of ${JSON.stringify(expected)}`,
  ]
}

/** Before the run had touched it a person let a stranger's value stand: that is what going back leads to. */
function isStartedFrom({ answered }: Story, place: Place): boolean {
  return answered.some(
    (each) =>
      each.verdict === 'approve' &&
      targetOf(each) === place.of &&
      /since the plan was made|not the same everywhere/.test(each.title),
  )
}

/** Shares, not weights: 75/25 is 3/1. */
function isAsExpected({ name }: Place, found: unknown, expected: unknown): boolean {
  if (name === 'the split') return shareOf(found) === shareOf(expected)
  return sameJson(found as never, expected as never)
}

function isValue({ name }: Place, found: unknown, value: unknown): boolean {
  if (name === 'new instances') return found === (value as { count: number }).count
  if (name !== 'the split') return sameJson(found as never, value as never)
  const { old, new: fresh } = value as { old: number; new: number }
  return shareOf(found) === shareOf([old, fresh])
}

const LOOKS = ['observe', 'restore', 'revisit']
const LAST_LOOK_MS = 5_000 // every run looks once more before it ends; an older look is none at the end

/** Written after the run's last look at it had begun: no look of anybody can see that. */
function wasTooLate({ deeds, calls, closedAt }: Story, place: Place): boolean {
  const last = calls.findLast(
    ({ call, target }) => LOOKS.includes(call) && target === `${place.connection} ${place.target}`,
  )
  const theirs = deeds.foreign.findLast(({ target }) => target === place.of)
  if (theirs === undefined) return false
  const lookedAt = last !== undefined && last.at > closedAt - LAST_LOOK_MS ? last.at : closedAt
  return theirs.at > lookedAt - SAMPLE_MS
}

function remainderProblems({ view, end }: Story): string[] {
  return view.remainder.flatMap(({ connection, target, note }) => {
    const said = /found (?:\{"old":(\d+),"new":(\d+)|old (\d+) new (\d+))/.exec(note)
    if (connection !== 'edge' || target !== 'split' || said === null) return []
    const [old, fresh] = said
      .slice(1)
      .filter((each) => each !== undefined)
      .map(Number)
    const isSo = shareOf([old, fresh]) === shareOf([end.edge.old, end.edge.new])
    return isSo ? [] : [`the remainder says "${note}", the edge is at ${end.edge.old}/${end.edge.new}`]
  })
}

function weightProblems(story: Story): string[] {
  const { view, end } = story
  const isKnown = view.changes.some(({ target }) => target === 'split')
  const place = PLACES[0] as Place
  if (!isKnown || view.weights === null || wasTooLate(story, place)) return []
  const shown = shareOf([view.weights.old, view.weights.new])
  const isSo = Math.abs(shown - shareOf([end.edge.old, end.edge.new])) <= 10 // weights are shown in whole percent
  if (isSo) return []
  return [
    `shown weights ${view.weights.old}/${view.weights.new}, the edge is at ${end.edge.old}/${end.edge.new}`,
  ]
}

function gateProblems({ view }: Story): string[] {
  const names = view.log.flatMap(({ text }) => /^asking: .*\(gate (\S+)\)$/.exec(text)?.[1] ?? [])
  const twice = names.filter((name, index) => names.indexOf(name) !== index)
  return [...new Set(twice)].map((name) => `gate ${name} names two questions`)
}

const HEARD_WITHIN_MS = 1_500 // a message that reaches a run in its last moments may find it ended

function abortProblems({ view, deeds, closedAt }: Story): string[] {
  const lastReset = deeds.resets.at(-1) ?? 0
  const told = deeds.aborts.filter(({ at }) => at > lastReset && at < closedAt - HEARD_WITHIN_MS)
  if (told.length === 0) return []
  const heard = view.decisions.filter(({ verdict }) => verdict === 'abort')
  // Without a worker at the end no decision is known, but the history tells why the run went back.
  const isReason = view.stale !== null && view.reason?.kind === 'abort'
  if (heard.length === 0 && !isReason) return [`an abort (${told[0]?.via}) was lost`]
  return heard.some(({ accepted }) => accepted) && view.reason === null ? ['aborted, and went on'] : []
}

/** HAProxy also stands before the instances of each side: without it nothing is served. */
const EXCUSES: { [load: string]: string[] } = {
  haproxy: ['haproxy'],
  envoy: ['haproxy', 'envoy'],
  nginx: ['haproxy', 'nginx'],
  traefik: ['haproxy', 'traefik'],
  caddy: ['haproxy', 'caddy'],
  bind: ['haproxy', 'bind'],
  powerdns: ['haproxy', 'powerdns'],
}

function lostProblems({ lost, deeds }: Story): string[] {
  return Object.entries(lost).flatMap(([load, count]) => {
    const isExcused = deeds.downs.some(({ server }) => EXCUSES[load]?.includes(server))
    return count === 0 || isExcused ? [] : [`${count} requests by ${load} were lost`]
  })
}
