// Locks on a real server: one run per target, the holder named, and no lock outlives its run.
import type { WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client'
import { WorkflowNotFoundError } from '@temporalio/client'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { claimLocks, lockIdOf, releaseLocks } from '../../activities/change/claim.ts'
import { kindOf } from '../../activities/failure.ts'
import type { ClaimInput } from '../../workflows/activities.ts'
import type { Bench } from './looking-bench.ts'
import { startBench } from './looking-bench.ts'

let bench: Bench
beforeAll(async () => {
  bench = await startBench('./looking-workflows.ts')
})
afterAll(() => bench.close())

type Run = { holder: ClaimInput['holder']; handle: WorkflowHandleWithFirstExecutionRunId }

async function startRun(service: string): Promise<Run> {
  const workflowId = `cutover/${service}`
  const handle = await bench.client.workflow.start('holding', { workflowId, taskQueue: 'cutover' })
  return { handle, holder: { service, workflowId, firstRunId: handle.firstExecutionRunId } }
}

async function holderOf(lock: string): Promise<unknown> {
  const { status, memo } = await bench.client.workflow.getHandle(lockIdOf(lock)).describe()
  return status.name === 'RUNNING' ? memo?.['service'] : status.name
}

it('a lock is taken once: the second run is refused and told who holds it', async () => {
  const [orders, carts] = [await startRun('orders-a'), await startRun('carts-a')]
  await claimLocks(bench.client, { locks: ['edge/a', 'zone/a'], holder: orders.holder })
  const refused: unknown = await claimLocks(bench.client, {
    locks: ['own/a', 'zone/a'],
    holder: carts.holder,
  }).catch((error) => error)
  expect(kindOf(refused)).toBe('Conflict')
  expect(refused).toMatchObject({
    message: 'zone/a is held by the run of orders-a (cutover/orders-a): wait for its end, or abort it',
    details: [{ lock: 'zone/a', holder: orders.holder }],
  })
  await releaseLocks(bench.client, { locks: ['own/a', 'zone/a'], holder: carts.holder }) // as the refused run does at its end
  expect(await holderOf('own/a')).toBe('TERMINATED')
  expect(await holderOf('zone/a')).toBe('orders-a')
})

it('a try that is refused, or given up, gives back nothing that another try of the same run may rely on', async () => {
  const [orders, carts] = [await startRun('orders-r'), await startRun('carts-r')]
  await claimLocks(bench.client, { locks: ['zone/r'], holder: carts.holder })
  const both = { locks: ['edge/r', 'zone/r'], holder: orders.holder }
  await expect(claimLocks(bench.client, both)).rejects.toThrow(/held by the run of carts-r/)
  expect(await holderOf('edge/r')).toBe('orders-r')
  await releaseLocks(bench.client, { locks: ['zone/r'], holder: carts.holder })
  await claimLocks(bench.client, both)
  expect([await holderOf('edge/r'), await holderOf('zone/r')]).toEqual(['orders-r', 'orders-r'])
})

it('a try whose time is over takes nothing more', async () => {
  const { holder } = await startRun('orders-t')
  const signal = AbortSignal.abort(new DOMException('too late', 'TimeoutError'))
  const late: unknown = await claimLocks(bench.client, { locks: ['edge/t'], holder }, { signal }).catch(
    (error) => error,
  )
  expect(kindOf(late)).toBe('Unavailable')
  await expect(holderOf('edge/t')).rejects.toBeInstanceOf(WorkflowNotFoundError)
})

it('claiming again is no conflict with oneself', async () => {
  const { holder } = await startRun('orders-b')
  await claimLocks(bench.client, { locks: ['edge/b'], holder })
  await claimLocks(bench.client, { locks: ['edge/b', 'zone/b'], holder })
  expect([await holderOf('edge/b'), await holderOf('zone/b')]).toEqual(['orders-b', 'orders-b'])
})

it('a released lock can be taken by another run', async () => {
  const [orders, carts] = [await startRun('orders-c'), await startRun('carts-c')]
  await claimLocks(bench.client, { locks: ['edge/c'], holder: orders.holder })
  await releaseLocks(bench.client, { locks: ['edge/c'], holder: orders.holder })
  expect(await holderOf('edge/c')).toBe('TERMINATED')
  await claimLocks(bench.client, { locks: ['edge/c'], holder: carts.holder })
  expect(await holderOf('edge/c')).toBe('carts-c')
})

it("nobody releases another run's lock", async () => {
  const [orders, carts] = [await startRun('orders-d'), await startRun('carts-d')]
  await claimLocks(bench.client, { locks: ['edge/d'], holder: orders.holder })
  await releaseLocks(bench.client, { locks: ['edge/d', 'never taken'], holder: carts.holder })
  expect(await holderOf('edge/d')).toBe('orders-d')
})

it('a lock costs no worker anything: it has no task', async () => {
  const { holder } = await startRun('orders-h')
  await claimLocks(bench.client, { locks: ['edge/h'], holder })
  const { events } = await bench.client.workflow.getHandle(lockIdOf('edge/h')).fetchHistory()
  expect(events).toHaveLength(1)
})

it('a lock whose run has ended without giving it back is taken over', async () => {
  const [gone, carts] = [await startRun('orders-e'), await startRun('carts-e')]
  await claimLocks(bench.client, { locks: ['edge/e'], holder: gone.holder })
  await gone.handle.terminate('as if by hand')
  await claimLocks(bench.client, { locks: ['edge/e'], holder: carts.holder })
  expect(await holderOf('edge/e')).toBe('carts-e')
})

it('a new run of the same service takes over what the old one left, and one that renewed itself keeps it', async () => {
  const first = await startRun('orders-f')
  await claimLocks(bench.client, { locks: ['edge/f'], holder: first.holder })
  await first.handle.terminate('as if by hand')
  const second = await startRun('orders-f')
  await claimLocks(bench.client, { locks: ['edge/f'], holder: second.holder })
  const { memo } = await bench.client.workflow.getHandle(lockIdOf('edge/f')).describe()
  expect(memo).toMatchObject({ firstRunId: second.holder.firstRunId })
})

it('of two runs that want the same targets at the same moment exactly one gets them all', async () => {
  const runs = [await startRun('orders-g'), await startRun('carts-g')]
  const locks = [
    ['edge/g', 'zone/g', 'fleet/g'],
    ['zone/g', 'fleet/g', 'edge/g'],
  ]
  const ends = await Promise.allSettled(
    runs.map(({ holder }, index) => claimLocks(bench.client, { locks: locks[index] ?? [], holder })),
  )
  expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  const winner = runs[ends.findIndex(({ status }) => status === 'fulfilled')]?.holder.service
  for (const lock of ['edge/g', 'zone/g', 'fleet/g']) expect(await holderOf(lock)).toBe(winner)
})

it('a name of any length makes a bounded id, and different names different ids', () => {
  const [one, other] = [lockIdOf('x'.repeat(500) + 'a'), lockIdOf('x'.repeat(500) + 'b')]
  expect(one.length).toBeLessThanOrEqual(220)
  expect(one).not.toBe(other)
  expect(lockIdOf('edge orders')).toBe('cutover-lock/edge orders')
})
