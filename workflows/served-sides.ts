// Which sides are served requests of users, from what targets hold: the one place where that follows. The engine asks it of what
// it has set, a plan of what it is going to set. Pure.
import type { Json } from './json.ts'
import { changingFacts } from './ports/facts.ts'
import type { PortName } from './ports/index.ts'
import type { Leads, Served, Serving } from './ports/port.ts'

/** A target that was changed: what it held first, and what it holds now. */
export type TargetHistory = {
  connection: string
  port: PortName | undefined
  target: string
  before: Json
  now: Json
  /** What the runbook says that its new values lead to. */
  declared?: Leads | undefined
}

/** `isSplit`: users of it are moved by some step of the plan; the others are only mirrored. */
export type Edge = { name: string; isSplit: boolean }

export const UNTOUCHED: Served = { old: true, new: false }

/**
 * Without any split and any name, users reach the old side. Names count where nothing splits: behind a split, the split says
 * who is served, whatever name leads to it. An edge whose users are still to be moved (`edges` has all of a plan) serves the old side.
 */
export function servedBy(held: TargetHistory[], edges: readonly Edge[]): Serving {
  const serving = held.flatMap(({ port, connection, ...of }) => {
    const served = changingFacts(port)?.leads?.serves(of) ?? null
    return served === null ? [] : [{ ...served, connection }]
  })
  const sidesAs = (as: (typeof serving)[number]['as'], among = serving) =>
    among.filter((each) => each.as === as).map(({ sides }) => sides)
  const through = edges.map(({ name }) => {
    const at = serving.filter(({ connection }) => connection === name)
    const [split = UNTOUCHED] = sidesAs('split', at)
    return [name, union([split, ...sidesAs('besides', at)])] as const
  })
  const splitting = through.filter((_, index) => edges[index]?.isSplit)
  const names = sidesAs('name')
  const withoutSplit = names.length > 0 ? names : [UNTOUCHED]
  const first = sidesAs('split').length > 0 ? splitting.map(([, sides]) => sides) : withoutSplit
  return { all: union([...first, ...sidesAs('besides')]), edges: Object.fromEntries(through) }
}

/** While users follow one by one: what was served before is served still. */
export function stillServed(before: Serving, now: Serving): Serving {
  return {
    all: union([before.all, now.all]),
    edges: Object.fromEntries(
      Object.entries(now.edges).map(([edge, served]) => [
        edge,
        union([before.edges[edge] ?? served, served]),
      ]),
    ),
  }
}

function union(sides: Served[]): Served {
  return { old: sides.some((each) => each.old), new: sides.some((each) => each.new) }
}
