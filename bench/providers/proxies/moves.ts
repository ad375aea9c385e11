// A whole move of a proxy, there and back, by its provider and without one, in turns under steady load: how long the write takes, when
// the side that is left has answered for the last time, and what became of every request.
import type { Load } from '../../../lab/load.ts'
import { until } from '../../../lab/until.ts'
import { type Row, inMs, rounded, spreadOf } from '../../report/row.ts'
import { type Writer, byProvider } from '../calls.ts'
import { type Edge, LOSES_BY_ITSELF, type ProxyName, RAW_WORDS } from './edges.ts'

const ALONE_MS = 1_000 // so long the other side must answer alone: what a change breaks belongs to that change
const ALONE_ANSWERS = 50 // and so many times: on a machine that stands still nothing is over because nobody is heard
const ALONE_MS_MAX = 20_000

type Move = { writeMs: number; effectMs: number }
type Losses = { failed: number; repeated: number; reasons: { [reason: string]: number } }
type Writing = { moves: Move[]; lost: Losses }

export async function movesInTurns(
  name: ProxyName,
  { edge, load }: { edge: Edge; load: Load },
  of: { turns: number; onTurn(turn: number): void },
): Promise<Row> {
  const writers = { ours: byProvider(edge.port), raw: edge.raw.write }
  for (const write of Object.values(writers)) for (const share of [100, 0]) await moved(load, share, write) // connects and compiles
  const ours = { moves: [], lost: nothingLost() } as Writing
  const raw = { moves: [], lost: nothingLost() } as Writing
  const before = await load.read()
  for (let turn = 0; turn < of.turns; turn++) {
    of.onTurn(turn)
    for (const [writing, write] of [
      [ours, writers.ours],
      [raw, writers.raw],
    ] as const)
      for (const share of [100, 0]) await counted(writing, load, () => moved(load, share, write))
  }
  await counted(ours, load, () => moved(load, 100, writers.ours))
  const after = await load.read()
  return rowOf(name, { ours, raw, requests: after.sent - before.sent })
}

async function counted(writing: Writing, load: Load, move: () => Promise<Move>): Promise<void> {
  const before = await load.read()
  writing.moves.push(await move())
  const after = await load.read()
  writing.lost.failed += after.failed - before.failed
  writing.lost.repeated += after.repeated - before.repeated
  for (const [reason, count] of Object.entries(after.failures)) {
    const more = count - (before.failures[reason] ?? 0)
    if (more > 0) writing.lost.reasons[reason] = (writing.lost.reasons[reason] ?? 0) + more
  }
}

async function moved(load: Load, share: number, write: Writer): Promise<Move> {
  const [losing, gaining] = share === 100 ? (['old', 'new'] as const) : (['new', 'old'] as const)
  const [from, began] = [Date.now(), performance.now()]
  await write(share)
  const writeMs = performance.now() - began
  const lastAt = await lastAnswer(load, losing, gaining)
  return { writeMs, effectMs: Math.max(0, lastAt - from) }
}

/** When this side had answered for the last time: since then the other one has answered alone, for long enough. */
async function lastAnswer(load: Load, losing: 'old' | 'new', gaining: 'old' | 'new'): Promise<number> {
  let since: { at: number; lastAt: number; gained: number } | null = null
  return await until(
    `${gaining} answers alone`,
    async () => {
      const { sides } = await load.read()
      const [lastAt, gained] = [sides[losing].lastAt ?? 0, sides[gaining].answered]
      if (since === null || since.lastAt !== lastAt) since = { at: Date.now(), lastAt, gained }
      const isAlone = Date.now() - since.at >= ALONE_MS && gained - since.gained >= ALONE_ANSWERS
      return isAlone ? Math.max(1, lastAt) : null
    },
    ALONE_MS_MAX,
  )
}

function rowOf(name: ProxyName, of: { ours: Writing; raw: Writing; requests: number }): Row {
  const spread = ({ moves }: Writing, key: keyof Move) => spreadOf(moves.map((move) => move[key]))
  const [write, effect] = [spread(of.ours, 'writeMs'), spread(of.ours, 'effectMs')]
  const [rawWrite, rawEffect] = [spread(of.raw, 'writeMs'), spread(of.raw, 'effectMs')]
  const losesByItself = LOSES_BY_ITSELF.includes(name)
  const { failed, repeated, reasons } = of.ours.lost
  return {
    measure: `a whole move, traffic/${name} beside ${RAW_WORDS[name]}`,
    target: losesByItself ? null : { figure: 'failed', is: failed, max: 0, unit: '' },
    ratios: {
      ...ratio('writeP50ToRaw', write.p50, rawWrite.p50),
      ...ratio('effectP50ToRaw', effect.p50, rawEffect.p50),
      ...ratio('effectP99ToRaw', effect.p99, rawEffect.p99),
      ...ratio('repeatedToRaw', repeated / of.ours.moves.length, of.raw.lost.repeated / of.raw.moves.length),
    },
    figures: {
      samples: write.samples,
      ...inMs('write', write),
      ...inMs('effect', effect),
      ...inMs('rawWrite', rawWrite),
      ...inMs('rawEffect', rawEffect),
      requests: of.requests,
      [losesByItself ? 'failedAtChange' : 'failedRequests']: failed,
      repeatedAfterReset: repeated,
      rawFailed: of.raw.lost.failed,
      rawRepeated: of.raw.lost.repeated,
    },
    ...noteOf(reasons, of.raw.lost.reasons),
  }
}

/** Left out where there is nothing to compare with. */
export function ratio(name: string, ours: number, raw: number): { [name: string]: number } {
  return raw > 0 ? { [name]: rounded(ours / raw) } : {}
}

function noteOf(ours: Losses['reasons'], raw: Losses['reasons']): { note?: string } {
  const words = [
    ...(Object.keys(ours).length === 0 ? [] : [`failed: ${JSON.stringify(ours)}`]),
    ...(Object.keys(raw).length === 0 ? [] : [`failed without a provider: ${JSON.stringify(raw)}`]),
  ]
  return words.length === 0 ? {} : { note: words.join('; ') }
}

function nothingLost(): Losses {
  return { failed: 0, repeated: 0, reasons: {} }
}
