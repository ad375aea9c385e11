// The lab keeps its promises: weights and records steer real traffic, scaling loses nothing, and nothing outlives its
// owner. Without these every end-to-end result would be in doubt.
import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { command } from '../../activities/capacity/command/index.ts'
import { rfc2136 } from '../../activities/dns/rfc2136/index.ts'
import { startLab } from '../../lab/lab.ts'
import type { Lab } from '../../lab/lab.ts'
import { startLoad } from '../../lab/load.ts'
import { birth } from '../../lab/records.ts'
import { until } from '../../lab/until.ts'
import { testDeps } from '../contract/deps.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const io = { signal: AbortSignal.timeout(60_000) }
let lab: Lab

beforeAll(async () => {
  lab = await startLab({ only: ['haproxy', 'resolverOfBind', 'prometheus'], apiTtlSeconds: 2 })
})
afterAll(() => lab?.stop())

describe('the lab under load', () => {
  it('follows the weights, scales both ways without losing a request, and Prometheus sees both sides', async () => {
    const { haproxy, prometheus, commands } = lab.addresses
    const load = await startLoad({ target: { url: haproxy.url }, ratePerSecond: 300 })
    await until('old answers', async () => (await load.read()).sides.old.answered > 100)
    expect((await load.read()).sides.new.answered).toBe(0)

    await tell(haproxy.tcp.port, 'set weight orders/v2 50; set weight orders/v1 50')
    await until('new answers its half', async () => {
      const last = (await load.read()).recent.at(-1)
      return last && last.new > 100 && Math.abs(last.new - last.old) < 60
    })

    const fleet = command.connect(
      { observe: [commands.observe], apply: [commands.apply], timeout: '4s' },
      testDeps({ commandFolder: commands.folder }),
    )
    const seen = await fleet.observe('new', io)
    expect(seen.value).toEqual({ count: 1 })
    await fleet.write({ target: 'new', desired: { count: 6 }, seen }, io)
    await until('six are ready', async () => (await fleet.observe('new', io)).facts?.ready === 6)
    await lab.fleets.old.scale(1)
    await lab.fleets.new.scale(2)

    await until('both sides have a rate', async () => {
      const query = encodeURIComponent('sum by (side) (rate(http_requests_total{app="orders"}[5s])) > 0')
      const response = await fetch(`${prometheus.url}/api/v1/query?query=${query}`)
      return ((await response.json()) as { data: { result: unknown[] } }).data.result.length === 2
    })
    const report = await load.stop()
    expect(report).toMatchObject({ failed: 0, skipped: 0, injected: 0, inFlight: 0 })
  })

  it('tells an injected error from a failure of the way', async () => {
    const load = await startLoad({ target: { url: lab.addresses.haproxy.url }, ratePerSecond: 200 })
    await lab.fleets.old.inject({ errorRatio: 0.5 })
    await lab.fleets.new.inject({ errorRatio: 0.5 })
    await until('errors are seen', async () => (await load.read()).injected > 50)
    await lab.fleets.old.heal()
    await lab.fleets.new.heal()
    expect((await load.stop()).failed).toBe(0)
  })

  it('moves users from one entry to the other by a signed DNS update, once the old answer has expired', async () => {
    const { bind, haproxy, resolverOfBind } = lab.addresses
    const zone = rfc2136.connect(
      {
        server: `127.0.0.1:${bind.dns.port}`,
        zone: bind.zone,
        key: 'env:KEY',
        key_name: bind.key.name,
        algorithm: bind.key.algorithm,
        servers: [],
      },
      testDeps({ secrets: { 'env:KEY': bind.key.secret } }),
    )
    const target = { name: 'api.example.test', port: haproxy.entries.port, resolver: resolverOfBind.dns }
    const load = await startLoad({ target, ratePerSecond: 100 })
    await until('old answers', async () => (await load.read()).sides.old.answered > 20)
    const seen = await zone.observe('api.example.test. A', io)
    await zone.write(
      { target: 'api.example.test. A', desired: { ttl: 2, values: [haproxy.entries.new] }, seen },
      io,
    )
    await until('only new answers', async () => {
      const last = (await load.read()).recent.at(-1)
      return last && last.new > 50 && last.old === 0
    })
    const report = await load.stop()
    expect(report.failed).toBe(0)
    expect(Object.keys(report.addresses)).toEqual([haproxy.entries.old, haproxy.entries.new])
  })
})

describe('what a killed owner leaves', () => {
  const records = join(root, '.cutover', 'lab')

  it('is ended and removed by the next start', async () => {
    const owner = fork(join(root, 'test/lab/owner.ts'), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    const [{ pid, folder }] = (await once(owner, 'message')) as [{ pid: number; folder: string }]
    owner.kill('SIGKILL')
    await once(owner, 'exit')
    await sweep()
    await until('the server is gone', () => !isAlive(pid))
    expect(existsSync(folder)).toBe(false)
  })

  it('is ended only if it is the process that was recorded, not another that has been given its id', async () => {
    const bystander = spawn('sleep', ['60'])
    const leftover = spawn('sleep', ['60'])
    const owner = '4194305-1' // above the highest process id there can be
    const folder = join(records, owner)
    mkdirSync(folder, { recursive: true })
    const record = (pid: number, born: string | undefined): void =>
      writeFileSync(join(folder, `process-${pid}.json`), JSON.stringify({ kind: 'process', pid, born }))
    record(bystander.pid as number, '1')
    record(leftover.pid as number, birth(leftover.pid as number))
    const ended = once(leftover, 'exit')
    await sweep()
    expect(await ended).toEqual([null, 'SIGKILL'])
    expect(isAlive(bystander.pid as number)).toBe(true)
    expect(readdirSync(records)).not.toContain(owner)
    bystander.kill()
  })
})

/** The sweep happens once per process: a new one stands for the next start. */
async function sweep(): Promise<void> {
  const source = `import { sweepLeftovers } from ${JSON.stringify(join(root, 'lab/records.ts'))}; sweepLeftovers()`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', source], { stdio: 'inherit' })
  await once(child, 'exit')
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function tell(port: number, line: string): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  socket.end(`${line}\n`)
  expect((await text(socket)).trim()).toBe('')
}
