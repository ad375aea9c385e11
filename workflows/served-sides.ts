// Which sides are served requests of users, from what targets hold: the one place where that follows. The engine asks it of what
// it has set, a plan of what it is going to set. Pure.
import type { Json } from './json.ts'
import { changingFacts } from './ports/facts.ts'
import type { PortName } from './ports/index.ts'
import type { Served } from './ports/port.ts'

/** A target that was changed: what it held first, and what it holds now. */
export type TargetHistory = { port: PortName | undefined; target: string; before: Json; now: Json }

/**
 * Without any split and any name, users reach the old side. Names count where nothing splits: behind a split, the split says
 * who is served, whatever name leads to it.
 */
export function servedBy(held: TargetHistory[]): Served {
  const serving = held.flatMap(({ port, ...of }) => changingFacts(port)?.leads?.serves(of) ?? [])
  const sidesAs = (as: (typeof serving)[number]['as']) =>
    serving.filter((each) => each.as === as).map(({ sides }) => sides)
  const [splits, names] = [sidesAs('split'), sidesAs('name')]
  const first = splits.length > 0 ? splits : names.length > 0 ? names : [{ old: true, new: false }]
  return [...first, ...sidesAs('copy')].reduce(either, { old: false, new: false })
}

export function either(one: Served, other: Served): Served {
  return { old: one.old || other.old, new: one.new || other.new }
}
