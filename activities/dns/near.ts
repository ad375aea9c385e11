// Names that differ by one slip of the hand from one that is not there, and are there: asked, because no server lists its names.
import type { Io } from '../../workflows/ports/target.ts'
import { isTold } from '../http.ts'
import { ask } from './ask.ts'
import { isName } from './names.ts'

const ASKED_MAX = 24 // small datagrams to one server, once for a name that is not there
const TOLD_MAX = 3 // more than that are the answers of a wildcard

/** The name with one letter of its first label left out, doubled, or swapped with the next. */
export function slipsOf(name: string): string[] {
  const dot = name.indexOf('.')
  const label = name.slice(0, dot)
  const slips = [...label].flatMap((letter, at) => {
    const [before, after] = [label.slice(0, at), label.slice(at + 1)]
    return [
      before + after,
      before + letter + letter + after,
      before + after.slice(0, 1) + letter + after.slice(1),
    ]
  })
  return [...new Set(slips)]
    .filter((slip) => slip !== '' && slip !== label)
    .map((slip) => slip + name.slice(dot))
    .filter(isName)
}

/** Those of them that `server` answers for; none when it answers for nearly all, or not at all. */
export async function nearNames(server: string, name: string, io: Io): Promise<string[]> {
  const asked = slipsOf(name).slice(0, ASKED_MAX)
  const answers = await Promise.all(
    asked.map((each) =>
      ask({ server, name: each, type: 'A', recursive: false }, io).then(
        ({ rcode, answers: records }) => rcode === 'NOERROR' && records.length > 0,
        (error: unknown) => {
          if (isTold(io.signal)) throw error
          return false // a hint that cannot be had
        },
      ),
    ),
  )
  const near = asked.filter((_, index) => answers[index])
  return near.length > TOLD_MAX ? [] : near
}

export function nearCaution(target: string, near: readonly string[]): string[] {
  return near.length === 0 ? [] : [`there is no ${target}, but there is ${near.join(', ')}`]
}
