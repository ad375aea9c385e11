// notify/webhook against a receiver that checks signatures as docs/providers/notify-webhook.md tells it to.
import { createHmac, timingSafeEqual } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { webhook } from '../../../activities/notify/webhook/index.ts'
import type { JsonObject } from '../../../workflows/json.ts'
import { io } from '../changing.ts'
import { testDeps } from '../deps.ts'
import { type HttpServer, type Received, startHttpServer } from '../http-server.ts'
import { connectNotify, notice, notifyContract } from './contract.ts'

const SECRET = 'hooksecret-2f9b6d'
const WRONG = 'wrongsecret-03e8aa'
const AGE_SECONDS_MAX = 300

function isSigned({ headers, body }: Received): boolean {
  const [, seconds = '', mac = ''] =
    /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['x-cutover-signature'])) ?? []
  if (mac === '' || Math.abs(Date.now() / 1_000 - Number(seconds)) > AGE_SECONDS_MAX) return false
  const expected = createHmac('sha256', SECRET).update(`${seconds}.${body}`).digest()
  return timingSafeEqual(expected, Buffer.from(mac, 'hex'))
}

notifyContract('notify/webhook', async () => {
  const arrived = new Map<string, string>()
  let isSilent = false
  const server = await startHttpServer((received) => {
    if (isSilent) return null
    if (!isSigned(received))
      return { status: 401, body: `bad signature ${received.headers['x-cutover-signature']}` }
    arrived.set(String(received.headers['idempotency-key']), received.body)
    return { status: 202 }
  })
  const config = { url: `${server.url}/hooks/cutover`, secret: 'env:HOOK', timeout: '500ms' }
  return {
    provider: webhook,
    config,
    deps: testDeps({ secrets: { 'env:HOOK': SECRET, 'env:WRONG': WRONG } }),
    arrived: async () => [...arrived.values()],
    async outage() {
      isSilent = true
      return { end: async () => void (isSilent = false) }
    },
    wrongCredentials: { config: { ...config, secret: 'env:WRONG' } },
    secrets: [SECRET, WRONG],
    end: () => server.end(),
  }
})

describe('notify/webhook', () => {
  let server: HttpServer
  beforeAll(async () => {
    server = await startHttpServer(() => ({}))
  })
  afterAll(() => server.end())

  it('sends the notice as it is, or as a Slack message in which nothing can page a channel', async () => {
    await send({ url: server.url }, notice('approve 3/ä'))
    expect(server.received.at(-1)).toMatchObject({
      method: 'POST',
      headers: { 'idempotency-key': 'approve%203%2F%C3%A4' },
    })
    expect(JSON.parse(server.received.at(-1)?.body ?? '')).toEqual({
      key: 'approve 3/ä',
      service: 'orders',
      level: 'ask',
      title: 'approval is asked',
      text: 'canary at 25%',
    })
    await send({ url: server.url, format: 'slack' }, { ...notice('k'), text: '<!channel> a & b' })
    expect(JSON.parse(server.received.at(-1)?.body ?? '')).toEqual({
      text: ':raised_hand: *orders: approval is asked*\n&lt;!channel&gt; a &amp; b',
    })
  })

  it('never says an address that is a secret', async () => {
    const address = `${server.url}/services/T0/B0/hookpath-99`
    server.answer = ({ path }) => ({ status: 404, body: `no such hook: ${path}` })
    await expect(send({ url: 'env:SLACK' }, notice('k'), { 'env:SLACK': address })).rejects.toMatchObject({
      type: 'Config',
      message: 'notify env:SLACK: 404 no such hook: [secret]',
    })
    await expect(
      send({ url: 'env:SLACK' }, notice('k'), { 'env:SLACK': 'hookpath-99' }),
    ).rejects.toMatchObject({
      type: 'Config',
      message: 'notify env:SLACK: what it holds is not an http(s) address',
    })
    const slack = 'https://hooks.slack.com/services/T0/B0/x'
    expect(webhook.spec.config.safeParse({ url: slack }).success).toBe(false)
  })

  it('is tried by OPTIONS: nothing is posted, any answer will do, a secret that is missing is said', async () => {
    const before = server.received.length
    server.answer = () => ({ status: 405 })
    const reach = (config: JsonObject) =>
      connectNotify({ provider: webhook, deps: testDeps({ secrets: {} }) }, config).reach(io())
    expect(await reach({ url: server.url })).toBe(
      `${server.url} answers (405 to OPTIONS); nothing was posted, so whether it accepts a notice is not known`,
    )
    expect(server.received.slice(before).map(({ method, body }) => ({ method, body }))).toEqual([
      { method: 'OPTIONS', body: '' },
    ])
    await expect(reach({ url: server.url, secret: 'env:NOT_SET' })).rejects.toMatchObject({ type: 'Config' })
    await expect(reach({ url: 'http://127.0.0.1:2' })).rejects.toMatchObject({ type: 'Unavailable' })
  })

  it('turns each status into the right kind', async () => {
    const kinds = {
      302: 'Config',
      400: 'Rejected',
      403: 'Denied',
      410: 'Config',
      429: 'Throttled',
      500: 'Unavailable',
    }
    for (const [status, type] of Object.entries(kinds)) {
      server.answer = () => ({ status: Number(status), headers: { 'retry-after': '2' }, body: 'no' })
      const sent = send({ url: server.url })
      await expect(sent).rejects.toMatchObject({ type, message: `notify ${server.url}: ${status} no` })
    }
  })
})

function send(config: JsonObject, sent = notice('k'), secrets: Record<string, string> = {}): Promise<void> {
  const deps = testDeps({ secrets })
  return connectNotify({ provider: webhook, deps }, config).send(sent, io())
}
