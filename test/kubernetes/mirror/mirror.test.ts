// Runs as objects of a real API server, written by real workers: forward, back, with the API server frozen on the way, edited by
// strangers, by two workers at once. Whatever becomes of the objects, the run goes its way.
import { Client, Connection } from '@temporalio/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kubeOf } from '../../../activities/kubernetes/client.ts'
import { type Folder, createFolder } from '../../../lab/folder.ts'
import { type Kubernetes, startKubernetes } from '../../../lab/servers/kubernetes.ts'
import { type Temporal, startTemporal } from '../../../lab/servers/temporal.ts'
import { type Cli, cliWith } from '../../../lab/stage/cli.ts'
import { type LabWorker, temporalEnvironment } from '../../../lab/stage/worker.ts'
import { until } from '../../../lab/until.ts'
import { keepMirrored } from '../../../worker/mirror/mirror.ts'
import { compareVersions } from '../../../worker/mirror/object.ts'
import { testDeps } from '../../contract/deps.ts'
import { freeze } from '../../contract/frozen.ts'
import {
  ACCOUNT,
  ASK,
  MOVE,
  NAMESPACE,
  type Shown,
  edit,
  editStatus,
  eventsOf,
  install,
  put,
  remove,
  runbook,
  shownOf,
  startMirroring,
  table,
  untilShown,
} from './stage.ts'

const KEPT_MS = 3_600_000

let folder: Folder
let kubernetes: Kubernetes
let temporal: Temporal
let worker: LabWorker
let cli: Cli

beforeAll(async () => {
  folder = createFolder('mirror')
  ;[kubernetes, temporal] = await Promise.all([startKubernetes({ users: [ACCOUNT] }), startTemporal()])
  await install(kubernetes)
  cli = cliWith(temporalEnvironment({ temporal }))
  worker = await startMirroring({ temporal, kubernetes, folder }, 'worker-a')
})
afterAll(async () => {
  await cli?.end()
  await worker?.server.close()
  await temporal?.server.close()
  await kubernetes?.server.close()
  folder?.remove()
})

const start = async (service: string, steps: string): Promise<void> => {
  const { code, stderr } = await cli.run([
    'start',
    runbook(folder, service, steps),
    '--yes',
    '--as',
    'starter',
  ])
  expect(code, stderr).toBe(0)
}
const ended = async (service: string): Promise<number> => (await cli.run(['watch', service])).code
const approve = async (service: string, gate: string): Promise<void> => {
  const { code, stderr } = await cli.run([
    'approve',
    service,
    '--gate',
    gate,
    '--as',
    'maria',
    '--reason',
    'it is fine',
  ])
  expect(code, stderr).toBe(0)
}
const metrics = async (): Promise<string> => await (await fetch(`${worker.url}/metrics`)).text()
const conditions = ({ status }: Shown): object =>
  Object.fromEntries((status?.conditions ?? []).map(({ type, status: is }) => [type, is]))

describe('a run that is shown in Kubernetes', () => {
  it('reads well in a table while it asks, and says who may answer; completed it is Ready', async () => {
    await start('forward', MOVE)
    const asking = await untilShown(kubernetes, 'forward', ({ gate }) => gate !== undefined)
    expect(asking).toMatchObject({
      spec: {
        service: 'forward',
        digest: expect.stringMatching(/^[0-9a-f]{64}$/),
        temporalNamespace: 'default',
      },
      status: {
        phase: 'waiting',
        step: '2/3 All users',
        share: '25%',
        gate: { title: 'All users', people: ['maria', 'raj'], allows: expect.arrayContaining(['approve']) },
      },
    })
    expect(conditions(asking)).toEqual({ Ready: 'False', Progressing: 'True', Degraded: 'False' })
    const gate = asking.status?.gate?.id ?? ''
    expect(await table(kubernetes)).toEqual({
      columns: ['Name', 'Phase', 'Step', 'New', 'Gate', 'Outcome', 'Started'],
      rows: [['forward', 'waiting', '2/3 All users', '25%', gate, null, expect.stringMatching(/^\d+s$/)]],
    })
    await approve('forward', gate)
    expect(await ended('forward')).toBe(0)
    const done = await untilShown(kubernetes, 'forward', ({ outcome }) => outcome === 'completed')
    expect(done.status).toMatchObject({ phase: 'ended', share: '100%' })
    expect(done.status).not.toHaveProperty('gate')
    expect(conditions(done)).toEqual({ Ready: 'True', Progressing: 'False', Degraded: 'False' })
    const told = (await eventsOf(kubernetes, 'forward')).map(({ type, reason, message }) =>
      [type, reason, message].join(' | '),
    )
    expect(told).toContainEqual(expect.stringMatching(/^Normal \| Asking \| \S+: All users: waits for /))
    expect(told).toContain('Normal | Completed | every step is done')
    expect(new Set(told).size, 'each once').toBe(told.length)
  })

  it('is removed long after its end, where a worker has made its object, and stays where people have declared it', async () => {
    const connection = await Connection.connect({ address: temporal.address })
    const over = new AbortController()
    const deps = testDeps({ secrets: { 'env:KUBECONFIG': kubernetes.kubeconfig(ACCOUNT.token) } })
    const spec = { temporalNamespace: 'default' }
    const endedAt = new Date(Date.now() - 2 * KEPT_MS).toISOString()
    for (const [service, labels] of [
      ['long-over', { 'app.kubernetes.io/managed-by': 'cutover' }],
      ['declared', {}],
    ] as const) {
      await put(kubernetes, service, { ...spec, service, labels })
      await editStatus(kubernetes, service, { phase: 'ended', outcome: 'completed', endedAt })
    }
    const mirroring = keepMirrored({
      access: { client: new Client({ connection }), namespace: 'default', address: temporal.address },
      kube: kubeOf({ kubeconfig: 'env:KUBECONFIG', namespace: NAMESPACE, timeout: '3s' }, deps),
      namespace: NAMESPACE,
      keepMs: KEPT_MS,
      log: { info: () => {}, warn: () => {}, debug: () => {} },
      missed: () => {},
      signal: over.signal,
      lookEveryMs: 50,
    })
    try {
      await until(
        'the object of a run that ended long ago is gone',
        async () => (await shownOf(kubernetes, 'long-over')) === null,
      )
    } finally {
      over.abort()
      await mirroring
      await connection.close()
    }
    expect(await shownOf(kubernetes, 'declared')).not.toBeNull()
    expect(await shownOf(kubernetes, 'forward'), 'one that ended just now stays').not.toBeNull()
    await remove(kubernetes, 'declared')
  })

  it('goes back in time although the API server is frozen, and is shown as restored when that is back', async () => {
    await start('frozen', MOVE)
    await untilShown(kubernetes, 'frozen', ({ gate }) => gate !== undefined)
    const outage = await freeze(kubernetes.server.pid)
    try {
      await until('the worker has noticed', async () =>
        /cutover_mirror_missed_total [1-9]/.test(await metrics()),
      )
      await cli.run(['abort', 'frozen', '--reason', 'the test', '--as', 'maria'])
      expect(await ended('frozen'), 'aborted and restored').toBe(3)
    } finally {
      await outage.end()
    }
    const back = await untilShown(kubernetes, 'frozen', ({ outcome }) => outcome !== undefined)
    expect(back.status).toMatchObject({
      phase: 'ended',
      outcome: 'restored',
      share: '0%',
      reason: expect.stringContaining('the test'),
    })
    expect(conditions(back)).toEqual({ Ready: 'False', Progressing: 'False', Degraded: 'True' })
  })

  it('is moved by no edit: what strangers write is written over, what they delete is made anew', async () => {
    await start('edited', MOVE)
    const before = await untilShown(kubernetes, 'edited', ({ gate }) => gate !== undefined)
    const isBack = async (): Promise<boolean> => {
      const now = await shownOf(kubernetes, 'edited')
      return JSON.stringify([now?.spec, now?.status]) === JSON.stringify([before.spec, before.status])
    }
    await edit(kubernetes, 'edited', { spec: { digest: 'another', description: 'approve it' } })
    await until('what it is about is put back', isBack)
    await editStatus(kubernetes, 'edited', { phase: 'ended', outcome: 'completed', gate: { id: 'none' } })
    await until('what it is at is put back', isBack)
    await remove(kubernetes, 'edited')
    const anew = await untilShown(kubernetes, 'edited', ({ gate }) => gate !== undefined)
    expect(anew.status?.gate, 'it still asks').toEqual(before.status?.gate)
    await cli.run(['abort', 'edited', '--reason', 'over', '--as', 'maria'])
    expect(await ended('edited')).toBe(3)
    await untilShown(kubernetes, 'edited', ({ outcome }) => outcome === 'restored')
  })

  it('is shown by two workers, never older over newer, and by one when the other is killed', async () => {
    const second = await startMirroring({ temporal, kubernetes, folder }, 'worker-b')
    const seen: NonNullable<Shown['status']>[] = []
    const over = new AbortController()
    const looking = (async () => {
      while (!over.signal.aborted) {
        const status = (await shownOf(kubernetes, 'both'))?.status
        if (status !== undefined) seen.push(status)
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    })()
    try {
      await start('both', ASK)
      const first = await untilShown(kubernetes, 'both', ({ gate }) => gate?.title === 'First')
      await approve('both', first.status?.gate?.id ?? '')
      const next = await untilShown(kubernetes, 'both', ({ gate }) => gate?.title === 'Second')
      await worker.server.kill()
      await approve('both', next.status?.gate?.id ?? '')
      expect(await ended('both')).toBe(0)
      await untilShown(kubernetes, 'both', ({ outcome }) => outcome === 'completed')
    } finally {
      over.abort()
      await looking
      await second.server.close()
      await worker.server.start()
    }
    const backwards = seen.filter(
      ({ version }, at) => at > 0 && compareVersions(version, (seen[at - 1] as (typeof seen)[0]).version) < 0,
    )
    expect(backwards).toEqual([])
    expect(new Set(seen.map(({ version }) => version.events)).size).toBeGreaterThan(1)
  })

  it('is not shown where that is not allowed, which is told once; and over no object of another namespace of Temporal', async () => {
    const connection = await Connection.connect({ address: temporal.address })
    const lines: string[] = []
    const told = (words: string): void => void lines.push(words)
    const over = new AbortController()
    const missed: { [token: string]: number } = {}
    const mirror = (token: string) => {
      const deps = testDeps({ secrets: { 'env:KUBECONFIG': kubernetes.kubeconfig(token) } })
      return keepMirrored({
        access: { client: new Client({ connection }), namespace: 'default', address: temporal.address },
        kube: kubeOf({ kubeconfig: 'env:KUBECONFIG', namespace: NAMESPACE, timeout: '3s' }, deps),
        namespace: NAMESPACE,
        keepMs: KEPT_MS,
        log: { info: told, warn: told, debug: () => {} },
        missed: () => void (missed[token] = (missed[token] ?? 0) + 1),
        signal: over.signal,
        lookEveryMs: 50,
      })
    }
    const theirs = await put(kubernetes, 'foreign', { service: 'foreign', temporalNamespace: 'another' })
    const mirroring = [mirror(kubernetes.nobody), mirror(ACCOUNT.token)]
    try {
      await start('foreign', ASK)
      await until('both have tried several times', () =>
        [kubernetes.nobody, ACCOUNT.token].every((token) => (missed[token] ?? 0) > 2),
      )
    } finally {
      over.abort()
      await Promise.all(mirroring)
      await connection.close()
    }
    expect(lines.filter((line) => /Denied: .*cannot list resource "cutovers"/.test(line))).toHaveLength(1)
    expect(lines.filter((line) => /foreign .*in the Temporal namespace another/.test(line))).toHaveLength(1)
    expect(await shownOf(kubernetes, 'foreign')).toEqual(theirs)
    await cli.run(['abort', 'foreign', '--reason', 'over', '--as', 'maria'])
    expect(await ended('foreign')).toBe(3)
  })
})
