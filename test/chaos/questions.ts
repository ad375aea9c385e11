// Whether a question says what is so: it names its target, says what stands there, and blames nobody who did nothing.
import type { Gate } from '../../workflows/run/state.ts'
import type { Deeds } from './inflict.ts'
import type { Scenario } from './scenario.ts'
import { shareOf } from './share.ts'
import type { Sight } from './sight.ts'

type Known = { world: Sight; deeds: Deeds; scenario: Scenario }

export function liesOf(gate: Gate, { world, deeds }: Known): string[] {
  const lies: string[] = []
  const say = (what: string): void =>
    void lies.push(`gate ${gate.id}: ${what}: "${gate.title}; ${gate.waitsFor}"`)
  const text = `${gate.title}; ${gate.waitsFor}`
  if (/found null|from null/.test(text)) say('found null')
  const found = /found old (\d+) new (\d+)|made, old (\d+) new (\d+) now/.exec(text)?.slice(1).filter(Boolean)
  const isTrue = (of: string[]) =>
    Math.abs(shareOf(of.map(Number)) - shareOf([world.edge.old, world.edge.new])) <= 5 // told in whole percent
  if (found && !isTrue(found)) say(`the edge is at old ${world.edge.old} new ${world.edge.new}`)
  const set = /set to (old \d+ new \d+), found (old \d+ new \d+)/.exec(text)
  if (set !== null && set[1] === set[2]) say('found what was set')
  const isBlaming = /changed by/.test(gate.title)
  if (isBlaming && deeds.foreign.length === 0 && deeds.resets.length === 0)
    say('nobody else has written anything')
  if ((gate.kind === 'drift' || gate.kind === 'restore') && !/edge|zone|fleet/.test(gate.title))
    say('names no target')
  return lies
}
