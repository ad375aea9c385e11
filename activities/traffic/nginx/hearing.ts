// Whom a look has heard, beside all that take connections. A worker serves what it read when it was started, until it ends: what it said
// once counts for as long as the same process lives. Nothing else is taken over from an earlier look.
import { type Accepting, acceptingBeside } from './processes.ts'
import type { Share } from './splits.ts'
import { type Answer, answersOf, isOneSplit, shareOf } from './workers.ts'

/** By process and by what was asked. */
export type Memory = Map<string, Map<string, Share>>

interface Topic {
  word: string
  template: string
  names: [string, string]
}

export interface Hearing {
  accepting: Accepting[]
  /** Those whose own answers, of this look or an earlier one, do not tell what they serve. */
  unheard: Accepting[]
  /** Answers of earlier looks, of those that this one has not heard out. */
  remembered: Answer[]
  /** All that take connections are known and heard. */
  isWhole: boolean
}

/** null: processes cannot be seen. */
export async function hearingOf(memory: Memory, asked: Topic, answers: Answer[]): Promise<Hearing | null> {
  const accepting = await acceptingBeside([...new Set(answers.map(({ worker }) => worker))])
  if (accepting === null) return null
  const unheard: Accepting[] = []
  const remembered: Answer[] = []
  for (const process of accepting) {
    const own = ownOf(process, answers)
    if (shareOf(own, asked.names) !== null) continue
    const before = memory.get(process.id)?.get(aboutOf(asked))
    const said = before === undefined ? [] : answersOf(process.pid, before)
    // It contradicts itself: it is no worker that keeps what it has read, whatever its number says.
    if (said.length > 0 && isOneSplit([...own, ...said])) remembered.push(...said)
    else unheard.push(process)
  }
  return { accepting, unheard, remembered, isWhole: accepting.length > 0 && unheard.length === 0 }
}

/** What was said in earlier looks by those whose answers of this one do not contradict it. */
export function rememberedIn(hearing: Hearing | null, answers: Answer[]): Answer[] {
  const { accepting = [], remembered = [] } = hearing ?? {}
  return accepting.flatMap((process) => {
    const said = ownOf(process, remembered)
    return isOneSplit([...ownOf(process, answers), ...said]) ? said : []
  })
}

/** Whether all that were missing have answered meanwhile: then it is worth looking who is there now. */
export function isHeardOut({ unheard }: Hearing, { names }: Topic, answers: Answer[]): boolean {
  return unheard.every((process) => shareOf(ownOf(process, answers), names) !== null)
}

/** Of processes that have ended, and of another split, nothing is kept. */
export function remember(
  memory: Memory,
  { asked, hearing, answers }: { asked: Topic; hearing: Hearing; answers: Answer[] },
): void {
  const about = aboutOf(asked)
  for (const id of memory.keys()) if (!hearing.accepting.some((each) => each.id === id)) memory.delete(id)
  for (const process of hearing.accepting) {
    const share = shareOf(ownOf(process, answers), asked.names)
    if (share === null) continue
    const kept = memory.get(process.id) ?? new Map<string, Share>()
    for (const other of kept.keys()) if (other.startsWith(`${asked.word} `)) kept.delete(other)
    memory.set(process.id, kept.set(about, share))
  }
}

function ownOf({ pid }: Accepting, answers: Answer[]): Answer[] {
  return answers.filter(({ worker }) => worker === pid)
}

function aboutOf({ word, template }: Topic): string {
  return `${word} ${template}`
}
