// The address at which Flagger asks: yes or no to what is a gate, nothing else to anybody, whatever is sent.
import { connect } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { GateAsked, Keeper } from '../../../activities/traffic/flagger/keeper.ts'
import { serveGates } from '../../../worker/gates.ts'

const SECRET = 'sesame-of-a-test'
const asked: GateAsked[] = []
const lines: string[] = []
let keeper: Keeper
let gates: Awaited<ReturnType<typeof serveGates>>
beforeAll(async () => {
  const log = { warn: (message: string) => void lines.push(message) }
  gates = await serveGates({ host: '127.0.0.1', port: 0 }, (...of) => keeper(...of), log)
})
beforeEach(() => {
  asked.length = 0
  keeper = async (of) => {
    asked.push(of)
    return of.gate === 'confirm-rollout'
  }
})
afterAll(() => gates.close())

async function ask(path: string, init: RequestInit = { method: 'POST', body: '{}' }) {
  const answer = await fetch(`${gates.url}${path}`, init)
  return { status: answer.status, body: await answer.text() }
}

it('answers yes by 200 and no by 403, for the gate that is asked for', async () => {
  expect(await ask('/flagger/shop/orders/confirm-rollout')).toEqual({ status: 200, body: 'open\n' })
  expect(await ask('/flagger/shop/orders/rollback')).toEqual({ status: 403, body: 'closed\n' })
  expect(asked).toEqual([
    { namespace: 'shop', canary: 'orders', gate: 'confirm-rollout' },
    { namespace: 'shop', canary: 'orders', gate: 'rollback' },
  ])
})

it.each([
  ['/', 404],
  ['/flagger/shop/orders', 404],
  ['/flagger/shop/orders/gate', 404],
  ['/flagger/shop/orders/rollback/more', 404],
  ['/flagger/shop/orders/rollback?x=1', 404],
  ['/flagger/shop/..%2f..%2fsecrets/rollback', 404],
  ['/flagger/Shop/orders/rollback', 404],
  ['/healthz', 404],
])('%s is no gate: nobody is asked', async (path, status) => {
  expect(await ask(path)).toEqual({ status, body: '' })
  expect(asked).toEqual([])
})

it('takes POST only, and a body of bounded size', async () => {
  expect((await ask('/flagger/shop/orders/rollback', { method: 'GET' })).status).toBe(405)
  const body = 'x'.repeat(200 * 1_024)
  const large = await ask('/flagger/shop/orders/rollback', { method: 'POST', body }).catch(() => null)
  expect([413, undefined]).toContain(large?.status) // or cut off while it was sent
  expect(asked).toEqual([])
})

it('stays closed when the answer is not known, and does not say why to whoever asks', async () => {
  keeper = async () => {
    throw new Error(`reading failed at ${SECRET}`)
  }
  const answer = await ask('/flagger/shop/orders/confirm-rollout')
  expect(answer).toEqual({ status: 503, body: 'not known\n' })
  expect(lines.at(-1)).toBe('the gate confirm-rollout of Canary shop/orders stays closed')
})

it('asks for a bounded number at once, and lives on', async () => {
  const { promise: go, resolve } = Promise.withResolvers<void>()
  keeper = async (of) => {
    asked.push(of)
    await go
    return true
  }
  let refused = 0
  const all = Array.from({ length: 30 }, async () => {
    const answer = await ask('/flagger/shop/orders/rollback')
    if (answer.status === 503) refused++
    return answer
  })
  await expect.poll(() => [asked.length, refused]).toEqual([16, 14])
  resolve()
  const answers = await Promise.all(all)
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(16)
  expect(await ask('/flagger/shop/orders/rollback')).toEqual({ status: 200, body: 'open\n' })
})

it('lives on when what is sent is no HTTP, or breaks off', async () => {
  const { port } = new URL(gates.url)
  for (const text of [
    'nonsense\r\n\r\n',
    'POST /flagger/a/b/rollback HTTP/1.1\r\ncontent-length: 99\r\n\r\nx',
  ]) {
    const socket = connect(Number(port), '127.0.0.1')
    socket.on('error', () => {})
    await new Promise((sent) => socket.write(text, sent))
    socket.destroy()
  }
  expect((await ask('/flagger/shop/orders/confirm-rollout')).status).toBe(200)
})

it('refuses a port that is taken, with what to do', async () => {
  const { port } = new URL(gates.url)
  const second = serveGates({ host: '127.0.0.1', port: Number(port) }, keeper, { warn: () => {} })
  await expect(second).rejects.toThrow(
    /port \d+ of 127\.0\.0\.1 is in use\n.*CUTOVER_FLAGGER_ADDRESS=host:port/,
  )
})
