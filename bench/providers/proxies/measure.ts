// Everything that is measured of one proxy: its server is started for it, users ask through it all the while, and all of it is ended.
import { type Load, startLoad } from '../../../lab/load.ts'
import type { Row } from '../../report/row.ts'
import { drainsInTurns } from './drains.ts'
import { OPEN, type ProxyName } from './edges.ts'
import { movesInTurns } from './moves.ts'
import { startSide } from './sides.ts'

const PER_SECOND = 500 // the load generator sends in groups of 5 ms: no effect is told more exactly
const SECONDS_MAX = 900
const TURNS = { quick: { moves: 2, drains: 2 }, whole: { moves: 10, drains: 10 } }

/** `say`: what is being done, for whoever waits. */
export async function measureProxy(
  name: ProxyName,
  { isQuick, say }: { isQuick: boolean; say(words: string): void },
): Promise<Row[]> {
  const turns = isQuick ? TURNS.quick : TURNS.whole
  const ends: (() => unknown)[] = []
  try {
    say(`traffic/${name}: starting its server`)
    const [old, fresh] = await Promise.all([startSide('old'), startSide('new')])
    ends.push(() => Promise.all([old.end(), fresh.end()]))
    const edge = await OPEN[name]({ old: old.port, new: fresh.port })
    ends.push(() => edge.server.close())
    const load: Load = await startLoad({
      target: { url: edge.url },
      ratePerSecond: PER_SECOND,
      secondsMax: SECONDS_MAX,
      repeatsReset: true, // as HTTP libraries do for what may be repeated; counted
    })
    ends.push(() => load.stop())
    const onTurn = (what: string, of: number) => (turn: number) =>
      say(`traffic/${name}: ${what}, turn ${turn + 1} of ${of}`)
    const moves = await movesInTurns(
      name,
      { edge, load },
      { turns: turns.moves, onTurn: onTurn('moves', turns.moves) },
    )
    const drains = await drainsInTurns(
      name,
      { edge, old },
      { turns: turns.drains, onTurn: onTurn('drains', turns.drains) },
    )
    if (drains !== null) return [moves, drains]
    const note = [moves.note, 'it counts nothing in flight: a drain asks the side by a query']
    return [{ ...moves, note: note.filter(Boolean).join('; ') }]
  } finally {
    for (const end of ends.toReversed()) await end()
  }
}
