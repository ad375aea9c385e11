// What may be the end of a run, and what never. The clean-slate assertion of all fault and abort tests.
import type { Json } from '../../workflows/json.ts'
import { sameJson } from '../../workflows/json.ts'
import { isAsWanted } from '../../workflows/ports/as-wanted.ts'
import type { Ending } from './attend.ts'
import { story } from './bench.ts'

type Snapshot = { [key: string]: Json }

export interface Expected {
  before: string
  completed: string
  /** The fault was a foreign write: whoever left it to people may find it in the world. */
  isForeign: boolean
}

/** What is wrong with an end, in words; null = nothing. */
export function wrongEnd(ending: Ending, expected: Expected): string | null {
  const why = problemOf(ending, expected)
  return why === null
    ? null
    : `${why}\n${ending.error}${ending.state === null ? '' : `\n${story(ending.state)}`}`
}

function problemOf(ending: Ending, { before, completed, isForeign }: Expected): string | null {
  const silent = ending.asked.find((gate) => gate.waitsFor.trim() === '' || gate.allows.length === 0)
  if (silent !== undefined) return `gate ${silent.id} does not say why it is open`
  switch (ending.how) {
    case 'failed':
    case 'hanging':
      return `the workflow is ${ending.how}`
    case 'restored':
      return differing(ending, before)
    case 'completed':
      return differing(ending, completed)
    case 'completed-with-remainder':
      return (
        differing(ending, ending.result?.reason === null ? completed : before) ?? unlisted(ending, isForeign)
      )
    default:
      return ending.how satisfies never
  }
}

/** Targets on the list of what people took over may differ, no others. */
function differing(ending: Ending, wanted: string): string | null {
  const found = JSON.parse(ending.snapshot) as Snapshot
  const wished = JSON.parse(wanted) as Snapshot
  const listed = (key: string) => (ending.result?.remainder ?? []).some(({ target }) => isAbout(key, target))
  const wrong = [...new Set([...Object.keys(found), ...Object.keys(wished)])].filter(
    (key) => !listed(key) && !isAs(key, found[key] ?? null, { wanted: wished[key] ?? null, how: ending.how }),
  )
  if (wrong.length === 0) return null
  const words = wrong.map(
    (key) => `${key} is ${JSON.stringify(found[key])}, not ${JSON.stringify(wished[key])}`,
  )
  return `${ending.how}, but ${words.join('; ')}`
}

/** A target itself, what another place of it holds, and what was ordered of it. */
function isAbout(key: string, target: string): boolean {
  return key.endsWith(` ${target}`) || key.includes(` ${target} in `) || key.endsWith(` ${target} ordered`)
}

/** Nobody has to be asked about more instances than were ordered; what is restored is so exactly. */
function isAs(key: string, found: Json, { wanted, how }: { wanted: Json; how: Ending['how'] }): boolean {
  if (how === 'completed' && key.startsWith('capacity '))
    return isAsWanted('capacity', { value: found }, wanted)
  return sameJson(found, wanted)
}

function unlisted(ending: Ending, isForeign: boolean): string | null {
  if ((ending.result?.remainder ?? []).length === 0) return 'a remainder that lists nothing'
  return isForeign ? null : 'left to people, although nobody had to'
}
