// One write of a provider, there and back, beside the raw call of its backend: how long it takes, when the last user of the side that is
// left is answered, and how many requests fail on the way.
import { setTimeout as sleep } from 'node:timers/promises'
import { gatewayApi } from '../../activities/traffic/gateway-api/index.ts'
import { istio } from '../../activities/traffic/istio/index.ts'
import type { Deps } from '../../activities/provider.ts'
import { bareDeps } from '../../worker/testing.ts'
import type { Changing } from '../../workflows/ports/target.ts'
import { type Row, inMs, rounded, spreadOf } from '../report/row.ts'
import { type Writer, byProvider, connectProvider } from './calls.ts'
import { EDGES, type Edge } from './edges.ts'
import type { Ground } from './ground.ts'

const USERS = 4 // requests that are always in flight
const AFTER_MS = 800 // so long is watched after a move: six times what the last one took
const ANSWER_MS = 10_000
const PROVIDERS = { istio, 'gateway-api': gatewayApi }

type Answer = { side: string; at: number }
type Move = { writeMs: number; effectMs: number }

export async function writesBesideRaw(ground: Ground, moves: number): Promise<Row[]> {
  const rows: Row[] = []
  for (const edge of EDGES) rows.push(await writesOf(ground, edge, moves))
  return rows
}

async function writesOf(ground: Ground, edge: Edge, moves: number): Promise<Row> {
  const port = portOf(ground, edge)
  const users = startUsers(edge.url(ground))
  const [ours, raw]: [Move[], Move[]] = [[], []]
  for (let move = 0; move < moves; move++) {
    for (const [moved, write] of [
      [ours, byProvider(port)],
      [raw, byApi(ground, edge)],
    ] as const)
      for (const share of [100, 0]) moved.push(await measured(users, share, write))
  }
  const { answers, failed } = await users.stop()
  const of = (all: Move[], key: keyof Move) => spreadOf(all.map((each) => each[key]))
  const [write, effect] = [of(ours, 'writeMs'), of(ours, 'effectMs')]
  const [rawWrite, rawEffect] = [of(raw, 'writeMs'), of(raw, 'effectMs')]
  return {
    measure: `a whole move, traffic/${edge.name}: written, and seen by the last user`,
    target: { figure: 'failed', is: failed, max: 0, unit: '' },
    ratios: {
      writeP50ToRaw: rounded(write.p50 / rawWrite.p50),
      effectP50ToRaw: rounded(effect.p50 / rawEffect.p50),
      effectP99ToRaw: rounded(effect.p99 / rawEffect.p99),
    },
    figures: {
      samples: write.samples,
      ...inMs('write', write),
      ...inMs('effect', effect),
      ...inMs('rawWrite', rawWrite),
      ...inMs('rawEffect', rawEffect),
      requests: answers,
      failedRequests: failed,
    },
    note: 'the write of a provider looks before, and goes on looking until the change is taken up',
  }
}

async function measured(users: Users, share: number, write: Writer): Promise<Move> {
  const losing = share === 100 ? 'old' : 'new'
  const from = Date.now()
  await write(share)
  const writeMs = Date.now() - from
  await sleep(AFTER_MS)
  return { writeMs, effectMs: Math.max(0, users.last(losing) - from) }
}

function byApi({ api }: Ground, edge: Edge): Writer {
  return (share) =>
    api.patch(`${edge.collection}/${edge.object}`, 'json', [
      { op: 'replace', path: edge.weightPath(0), value: 100 - share },
      { op: 'replace', path: edge.weightPath(1), value: share },
    ])
}

function portOf(ground: Ground, edge: Edge): Changing {
  const { provider: _, ...config } = edge.connection(ground) as { provider: string }
  const { kubernetes } = ground
  const deps: Deps = {
    ...bareDeps(),
    secrets: { read: async () => kubernetes.kubeconfig(kubernetes.admin) },
  }
  return connectProvider(PROVIDERS[edge.name], config, deps)
}

interface Users {
  /** When the last answer of a side had come in. */
  last(side: string): number
  stop(): Promise<{ answers: number; failed: number }>
}

function startUsers(url: string): Users {
  const lastAt: { [side: string]: number } = {}
  let [answers, failed] = [0, 0]
  const over = new AbortController()
  const user = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const answer: Answer | null = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) }).then(
        async (response) => {
          await response.text()
          return response.ok ? { side: response.headers.get('x-side') ?? '', at: Date.now() } : null
        },
        () => null,
      )
      answers += 1
      if (answer === null) failed += 1
      else lastAt[answer.side] = answer.at
    }
  }
  const all = Array.from({ length: USERS }, user)
  return {
    last: (side) => lastAt[side] ?? 0,
    async stop() {
      over.abort()
      await Promise.all(all)
      return { answers, failed }
    },
  }
}
