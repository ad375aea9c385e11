// There, back and there again in steps, through each balancer that is changed by a reload or a file, under 1,000 requests per second.
// Every failed request is attributed: what a reload resets is a kept-alive connection that was reused, and who repeats it loses none.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { applyTo } from '../../activities/change/look.ts'
import { caddy } from '../../activities/traffic/caddy/index.ts'
import type { Deps } from '../../activities/provider.ts'
import { startLoad } from '../../lab/load.ts'
import type { LoadReport } from '../../lab/load/protocol.ts'
import { until } from '../../lab/until.ts'
import { startCaddy } from '../../lab/servers/caddy.ts'
import type { JsonObject } from '../../workflows/json.ts'
import { splitAt } from '../../workflows/ports/traffic.ts'
import type { Changing } from '../../workflows/ports/target.ts'
import { type ChangingBench, connect, io } from '../contract/changing.ts'
import { testDeps } from '../contract/deps.ts'
import * as nginxBench from '../contract/traffic/nginx-bench.ts'
import * as traefikBench from '../contract/traffic/traefik-bench.ts'
import { startUpstream } from '../contract/traffic/upstream.ts'

const RATE = 1_000 // requests per second; Caddy carries 2,000 on two cores, the others more
const SECONDS_MAX = 120
const TURN_MS = 180_000 // some fifty changes, each proven by nothing but its read-back
const SHARES = [5, 25, 50, 100]
const WAY = [...SHARES, ...SHARES.toReversed().slice(1), 0, ...SHARES]
const SERVED_MIN = 2_000 // fewer would show nothing

interface Edge {
  provider: ChangingBench['provider']
  config: JsonObject
  deps: Deps
  url: string
  end(): Promise<void>
}

/** `resets`: connections that a change resets. */
const EDGES: Record<string, { open(): Promise<Edge>; resets: ('reused' | 'new')[] }> = {
  'traffic/nginx': {
    resets: ['reused'],
    async open() {
      const { edge, deps, end } = await nginxBench.startStand()
      return { provider: nginxBench.provider, config: nginxBench.configOf(edge), deps, url: edge.url, end }
    },
  },
  'traffic/traefik': {
    resets: [],
    async open() {
      const { edge, end } = await traefikBench.startStand()
      const config = traefikBench.configOf(edge)
      return { provider: traefikBench.provider, config, deps: testDeps(), url: edge.url, end }
    },
  },
  'traffic/caddy': {
    resets: ['reused', 'new'],
    async open() {
      const upstreams = await Promise.all(['old', 'new'].map(startUpstream))
      const [old = 0, fresh = 0] = upstreams.map(({ port }) => port)
      const edge = await startCaddy({ old, new: fresh })
      const { adminUrl, handler, log } = edge
      return {
        provider: caddy as unknown as ChangingBench['provider'],
        config: { admin: adminUrl, handler, ...edge.upstreams, log },
        deps: testDeps(),
        url: edge.url,
        end: async () => {
          await edge.server.close()
          await Promise.all(upstreams.map((upstream) => upstream.end()))
        },
      }
    },
  },
}

describe.each(Object.entries(EDGES))('%s', (name, { open, resets }) => {
  let edge: Edge
  let port: Changing
  beforeAll(async () => {
    edge = await open()
    port = connect(edge.provider, edge.config, edge.deps)
  })
  afterAll(() => edge?.end())

  const turn = async (repeatsReset: boolean): Promise<LoadReport> => {
    const load = await startLoad({
      target: { url: edge.url },
      ratePerSecond: RATE,
      secondsMax: SECONDS_MAX,
      repeatsReset,
    })
    try {
      for (const share of WAY) {
        const { value: expected } = await port.observe('split', io())
        const answer = await applyTo(port, { target: 'split', desired: splitAt(share), expected }, io())
        expect(answer.written, `${share} %`).toBe('written')
        await expect
          .poll(async () => (await port.observe('split', io())).value, { timeout: 10_000 })
          .toMatchObject(splitAt(share))
        // Held for as many requests as a second brings: what a change breaks belongs to that change.
        const { sent } = await load.read()
        await until('users have been served', async () => (await load.read()).sent >= sent + RATE)
      }
      return await load.stop()
    } finally {
      await load.stop().catch(() => undefined) // told above
    }
  }

  it(
    'loses no request of a client that repeats one whose connection was reset',
    async () => {
      const { sent, failed, failures, repeated, sides, skipped } = await turn(true)
      console.log(
        `${name}: ${sent} requests over ${WAY.length} changes (old ${sides.old.answered}, new ${sides.new.answered}), ${repeated} repeated, ${failed} failed, ${skipped} not sent`,
      )
      expect(failures).toEqual({})
      expect(failed).toBe(0)
      expect(Math.min(sides.old.answered, sides.new.answered)).toBeGreaterThan(SERVED_MIN)
      if (resets.length === 0) expect(repeated).toBe(0)
    },
    TURN_MS,
  )

  it(
    'fails nothing else, for one that does not',
    async () => {
      await applyTo(
        port,
        { target: 'split', desired: splitAt(0), expected: (await port.observe('split', io())).value },
        io(),
      )
      const { sent, failures } = await turn(false)
      console.log(
        `${name}: ${sent} requests over ${WAY.length} changes, never repeated: ${JSON.stringify(failures)}`,
      )
      const others = Object.keys(failures).filter(
        (reason) => !resets.some((kind) => reason === `ECONNRESET, ${kind} connection`),
      )
      expect(others).toEqual([])
    },
    TURN_MS,
  )
})
