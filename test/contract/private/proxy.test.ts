// Connections through a proxy: what the proxy is asked for, who learns which credentials, and whose fault a failure is.
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connector } from '../../../activities/connect.ts'
import { io } from '../changing.ts'
import { type HttpServer, startHttpServer } from '../http-server.ts'
import { wordsOf } from '../said.ts'
import { type Proxy, startProxy } from './connect-proxy.ts'
import { startEnvoyProxy } from './envoy-proxy.ts'
import { type Stage, asking, contentOf, createStage, depsWith, planned } from './stage.ts'

const NUMBER = { headers: { 'content-type': 'application/json' }, body: '{"value":7}' }
const AUTH = 'cutover:proxypass-51e0'
const READY = { name: 'ready', method: 'GET', path: '/number', expect: { status: 200 }, deep: false } as const

let stage: Stage
let secure: HttpServer
let plain: HttpServer
let proxy: Proxy

beforeAll(async () => {
  stage = await createStage()
  const ca = readFileSync(stage.own.ca, 'utf8')
  secure = await startHttpServer(() => NUMBER, { ...contentOf(stage.server), ca })
  plain = await startHttpServer(() => NUMBER)
  proxy = await startProxy({ auth: AUTH })
})
afterAll(async () => {
  await Promise.all([secure?.end(), plain?.end(), proxy?.end()])
  stage?.folder.remove()
})

const hostOf = (url: string): string => new URL(url).host
const mine = () => ({ ca: stage.own.ca, ...stage.worker })
const env = { PROXY: AUTH }

describe('a connection through a proxy', () => {
  it('goes through a tunnel where it is https, with the certificates of both ends inside', async () => {
    const { ask } = asking({ url: secure.url, tls: mine(), proxy: proxy.url, proxy_auth: 'env:PROXY' }, env)
    expect([await ask(), await ask()]).toEqual([7, 7])
    expect(new Set(proxy.asked)).toEqual(new Set([`CONNECT ${hostOf(secure.url)}`]))
    expect(secure.received.at(-1)).toMatchObject({ shown: 'worker' })
    expect(secure.received.at(-1)?.headers).not.toHaveProperty('proxy-authorization')
  })

  it('is forwarded where it is http', async () => {
    const { ask } = asking({ url: plain.url, proxy: proxy.url, proxy_auth: 'env:PROXY' }, env)
    expect(await ask()).toBe(7)
    expect(proxy.asked.at(-1)).toBe(`GET ${plain.url}/number`)
  })

  it('goes through Envoy as a proxy, by a tunnel and forwarded', async () => {
    const egress = await startEnvoyProxy()
    expect(await asking({ url: secure.url, tls: mine(), proxy: egress.url }).ask()).toBe(7)
    expect(await asking({ url: plain.url, proxy: egress.url }).ask()).toBe(7)
    await egress.server.close()
  })

  it('says of a failure whether it is the proxy, or what is behind it', async () => {
    const via = { proxy: proxy.url }
    const tls = mine()
    const said: string[] = []
    const answer = async (config: object, secret: string = AUTH): Promise<string> => {
      const asked = asking({ ...config }, { PROXY: secret })
      const text = String(await asked.ask())
      said.push(...asked.said)
      return text.replaceAll(secure.url, 'URL').replaceAll(plain.url, 'URL').replaceAll(proxy.url, 'PROXY')
    }
    expect(await answer({ url: secure.url, tls, ...via })).toBe(
      'Denied: read URL/number: the proxy PROXY answers 407: name user:password in proxy_auth',
    )
    expect(await answer({ url: secure.url, tls, ...via, proxy_auth: 'env:PROXY' }, 'cutover:wrong-77')).toBe(
      'Denied: read URL/number: the proxy PROXY answers 407: it does not take env:PROXY',
    )
    expect(await answer({ url: plain.url, ...via })).toBe(
      'Denied: read URL/number: the proxy PROXY answers 407: name user:password in proxy_auth',
    )
    const through = { ...via, proxy_auth: 'env:PROXY' }
    const gone = await startHttpServer(() => null)
    await gone.end()
    const nowhere = gone.url.replace('http:', 'https:')
    expect(await answer({ url: nowhere, ...through })).toBe(
      `Unavailable: read ${nowhere}/number: the proxy PROXY answers 502`,
    )
    expect(await answer({ url: secure.url, tls, proxy: gone.url })).toBe(
      `Unavailable: read URL/number: the proxy ${gone.url} cannot be reached: connection refused: nothing listens there`,
    )
    expect(await answer({ url: secure.url, tls: stage.worker, ...through })).toMatch(
      /^Config: read URL\/number: behind the proxy PROXY: the certificate of the server is signed by an authority that the worker does not know/,
    )
    expect(await answer({ url: secure.url, tls: { ca: stage.own.ca }, ...through })).toMatch(
      /^Config: read URL\/number: behind the proxy PROXY: the server wants a client certificate/,
    )
    for (const words of said) expect(words).not.toMatch(/proxypass|wrong-77|Y3V0b3Zlcj/)
  })

  it('is no bad answer of the service, where the proxy or the worker is to blame', async () => {
    const deps = depsWith(env)
    const probe = async (config: object): Promise<unknown> => {
      const port = connector(deps).portOf(planned('probe/http', 'probe', { ...config }), 'probe')
      return await port.probe(READY, io()).catch((error: unknown) => wordsOf(error))
    }
    const through = { url: secure.url, proxy: proxy.url, proxy_auth: 'env:PROXY' }
    expect(await probe({ ...through, tls: mine() })).toMatchObject({ good: true, status: 200 })
    expect(await probe({ url: secure.url, tls: mine(), proxy: proxy.url })).toMatch(
      /^\[Denied\] probe ready at .*: the proxy .* answers 407/,
    )
    expect(await probe({ ...through, tls: { ca: '/nowhere/ca.pem' } })).toMatch(
      /^\[Config\] .*tls\.ca \/nowhere\/ca\.pem cannot be read/,
    )
    expect(await probe({ ...through, tls: { ...mine(), ca: stage.other.ca } })).toMatchObject({
      good: false,
      problems: [expect.stringMatching(/^no answer: behind the proxy .* signed by none of the authorities/)],
    })
  })
})
