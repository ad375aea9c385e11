// What the workers of an NGINX serve, found by asking each with keys whose place in the split is known: no marker is believed.
// After a reload the workers before it answer on for a while, each with its own share. Pure; the asking is the caller's.
import { type Share, WHOLE } from './splits.ts'

export interface Answer {
  /** Process id of the worker. */
  worker: string
  /** Hundredth of the split that was asked for. */
  index: number
  /** The name it gave. */
  name: string
}

/** Workers that answer alike. `share` is null as long as the answers leave it open. */
export interface Group {
  workers: string[]
  answers: Answer[]
  share: Share | null
}

/** One worker gives two names for one key: it does not go by the key. */
export class NotByKey extends Error {}

/** `names`: of a share that is all of one name, the order is not seen; the second is then said to come first. */
export function groupsOf(answers: Answer[], names: [string, string]): Group[] {
  const byWorker = new Map<string, Answer[]>()
  for (const answer of answers) {
    byWorker.set(answer.worker, [...(byWorker.get(answer.worker) ?? []), answer])
  }
  const groups: Group[] = []
  for (const [worker, own] of byWorker) {
    if (!isOneSplit(own)) throw new NotByKey(`worker ${worker} gave both names on either side of one share`)
    const group = groups.find((each) => isOneSplit([...each.answers, ...own]))
    if (group === undefined) groups.push({ workers: [worker], answers: own, share: null })
    else {
      group.workers.push(worker)
      group.answers.push(...own)
    }
  }
  return groups.map((group) => ({ ...group, share: shareIn(group.answers, names) }))
}

/** The hundredth to ask for next: where an answer tells most; once all is known, around the borders again and again. */
export function nextIndex(groups: Group[], { guess, asked }: { guess: Share; asked: number }): number {
  const edges = edgesOf(guess)
  if (asked < edges.length) return edges[asked]!
  const open = groups.find(({ share }) => share === null)
  if (open !== undefined) return narrowing(open.answers)
  const borders = groups.flatMap(({ share }) => [share!.hundredths - 1, share!.hundredths])
  const places = [...new Set([...edges, ...borders.filter((each) => each >= 0 && each < WHOLE)])]
  // Shifted each round, so that workers that answer in turn are not asked the same ones for ever.
  return places[(asked + Math.floor(asked / places.length)) % places.length]!
}

/** What one worker is to be asked for next; null: its own answers tell all of its share. */
export function missingOf(own: Answer[], guess: Share): number | null {
  const edge = edgesOf(guess).find((index) => !own.some((answer) => answer.index === index))
  if (edge !== undefined) return edge
  const sorted = own.toSorted((a, b) => a.index - b.index)
  if (sorted[0]!.name === sorted.at(-1)!.name) return null
  const [before, after] = changeIn(sorted)
  return after.index - before.index > 1 ? narrowing(own) : null
}

/** The share that the answers of one worker tell by themselves. */
export function shareOf(own: Answer[], names: [string, string]): Share | null {
  return own.length === 0 ? null : shareIn(own, names)
}

/** As few answers as tell this share. */
export function answersOf(worker: string, { first, rest, hundredths }: Share): Answer[] {
  const indexes = edgesOf({ first, rest, hundredths })
  return indexes.map((index) => ({ worker, index, name: index < hundredths ? first : rest }))
}

/** Both ends and both sides of the border. */
function edgesOf({ hundredths }: Share): number[] {
  const all = [0, WHOLE - 1, hundredths - 1, hundredths]
  return [...new Set(all.filter((each) => each >= 0 && each < WHOLE))]
}

/** Halves what is left between two names. */
function narrowing(answers: Answer[]): number {
  const sorted = answers.toSorted((a, b) => a.index - b.index)
  const [low, high] = [sorted[0]!, sorted.at(-1)!]
  if (low.index > 0) return 0
  if (high.index < WHOLE - 1) return WHOLE - 1
  const [before, after] = changeIn(sorted)
  return Math.floor((before.index + after.index) / 2)
}

function shareIn(answers: Answer[], [old, fresh]: [string, string]): Share | null {
  const sorted = answers.toSorted((a, b) => a.index - b.index)
  const [low, high] = [sorted[0]!, sorted.at(-1)!]
  if (low.index > 0 || high.index < WHOLE - 1) return null
  if (low.name === high.name) {
    return { first: fresh, rest: old, hundredths: low.name === fresh ? WHOLE : 0 }
  }
  const [before, after] = changeIn(sorted)
  if (after.index - before.index > 1) return null
  return { first: low.name, rest: high.name, hundredths: after.index }
}

/** The two neighbours between which the name changes; there is one such place. */
function changeIn(sorted: Answer[]): [Answer, Answer] {
  const index = sorted.findIndex(({ name }, at) => name !== sorted[at + 1]?.name)
  return [sorted[index]!, sorted[index + 1]!]
}

/** One border at most, and one name for each hundredth. */
export function isOneSplit(answers: Answer[]): boolean {
  const sorted = answers.toSorted((a, b) => a.index - b.index)
  let changes = 0
  for (const [at, answer] of sorted.entries()) {
    const next = sorted[at + 1]
    if (next === undefined || next.name === answer.name) continue
    if (next.index === answer.index) return false
    changes += 1
  }
  return changes <= 1
}
