// Private connections over real TLS: who is let in, who is believed, and in which words each mistake is told.
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PrivateHttp } from '../../../activities/private-config.ts'
import { type HttpServer, startHttpServer } from '../http-server.ts'
import { startTlsFront } from '../../tls-front.ts'
import { type Stage, asking, contentOf, createStage } from './stage.ts'

const HOUR_MS = 60 * 60 * 1_000
const NUMBER = { headers: { 'content-type': 'application/json' }, body: '{"value":7}' }

let stage: Stage
let server: HttpServer
const at = (name: string): string => join(stage.folder.path, name)

beforeAll(async () => {
  stage = await createStage()
  server = await startHttpServer(() => NUMBER, {
    ...contentOf(stage.server),
    ca: readFileSync(stage.own.ca, 'utf8'),
  })
})
afterAll(async () => {
  await server?.end()
  stage?.folder.remove()
})

/** What comes back when the server is asked with this. */
async function answer(tls: PrivateHttp['tls'] & object, url = server.url): Promise<unknown> {
  const asked = asking({ url, tls: { ...tls } })
  const said = await asked.ask()
  const secret = readFileSync(stage.worker.key, 'utf8').split('\n')[1] ?? ''
  for (const words of asked.said) expect(words).not.toContain(secret)
  return typeof said === 'string' ? said.replaceAll(url, 'URL').replaceAll(stage.folder.path, '') : said
}

describe('a private connection', () => {
  it('shows the certificate of the worker to a server that only its own authority vouches for', async () => {
    expect(await answer({ ca: stage.own.ca, ...stage.worker })).toBe(7)
    expect(server.received.at(-1)).toMatchObject({ path: '/number', shown: 'worker' })
  })

  it('tells in words whom it does not believe', async () => {
    const tried = 'Config: read URL/number: '
    const pair = stage.worker
    expect(await answer(pair)).toBe(
      `${tried}the certificate of the server is signed by an authority that the worker does not know (SELF_SIGNED_CERT_IN_CHAIN): name the file of that authority in tls.ca`,
    )
    expect(await answer({ ca: stage.other.ca, ...pair })).toBe(
      `${tried}the certificate of the server is signed by none of the authorities in tls.ca /other/ca.pem (SELF_SIGNED_CERT_IN_CHAIN)`,
    )
    expect(await answer({ ca: stage.own.ca, ...pair, server_name: 'db.internal' })).toBe(
      `${tried}the certificate of the server is for DNS:localhost, IP Address:127.0.0.1, not for db.internal: if that is the server that is meant, name one of these in tls.server_name`,
    )
    const plain = await startHttpServer(() => NUMBER)
    const url = plain.url.replace('http:', 'https:')
    expect(await answer({ ca: stage.own.ca }, url)).toBe(
      `${tried}what listens there does not speak TLS: is it an http:// address?`,
    )
    await plain.end()
  })

  it('is made by the name that the runbook says, where the address is another', async () => {
    const named = await stage.own.issue('named', { names: ['DNS:db.internal'] })
    const other = await startHttpServer(() => NUMBER, contentOf(named))
    expect(await answer({ ca: stage.own.ca, server_name: 'db.internal' }, other.url)).toBe(7)
    expect(await answer({ ca: stage.own.ca }, other.url)).toMatch(
      /^Config: .* is for DNS:db\.internal, not for 127\.0\.0\.1: /,
    )
    await other.end()
  })

  it('is not made with a server whose certificate is not of this time', async () => {
    const late = new Date(Date.now() - HOUR_MS)
    const early = new Date(Date.now() + HOUR_MS)
    const old = await startHttpServer(() => NUMBER, contentOf(await stage.own.issue('old', { until: late })))
    const next = await startHttpServer(
      () => NUMBER,
      contentOf(await stage.own.issue('next', { from: early })),
    )
    expect(await answer({ ca: stage.own.ca }, old.url)).toBe(
      'Config: read URL/number: the certificate of the server, or of its authority, has expired: it has to be renewed there (or the clock of the worker is wrong)',
    )
    expect(await answer({ ca: stage.own.ca }, next.url)).toBe(
      'Config: read URL/number: the certificate of the server is not valid yet: one of the two clocks is wrong',
    )
    await Promise.all([old.end(), next.end()])
  })

  it('tells in words what the server has against the worker', async () => {
    const ca = stage.own.ca
    const foreign = await stage.other.issue('foreign')
    const past = await stage.own.issue('past', { until: new Date(Date.now() - HOUR_MS) })
    const plain = await startHttpServer(() => NUMBER)
    const front = await startTlsFront({
      certificate: stage.server,
      ca,
      to: new URL(plain.url).host,
      alpn: 'http/1.1',
    })
    const url = `https://${front.address}`
    expect(await answer({ ca, ...stage.worker }, url), front.log()).toBe(7)
    expect(await answer({ ca }, url)).toBe(
      'Config: read URL/number: the server wants a client certificate (it says: certificate required): name it in tls.cert and tls.key',
    )
    expect(await answer({ ca, ...foreign }, url)).toBe(
      'Denied: read URL/number: the server does not take the client certificate in tls.cert /other/foreign.pem (it says: unknown ca)',
    )
    expect(await answer({ ca, ...past }, url)).toBe(
      'Denied: read URL/number: the server does not take the client certificate in tls.cert /own/past.pem (it says: certificate expired)',
    )
    await front.server.close()
    await plain.end()
    // Some say nothing, and just close.
    expect(await answer({ ca, ...foreign })).toBe(
      'Unavailable: read URL/number: the connection was closed without an answer: a server that wants TLS, or another client certificate, may do that',
    )
  })

  it('names the file that is of no use, and what is needed there', async () => {
    const { ca } = stage.own
    const { cert, key } = stage.worker
    const other = await stage.own.issue('second')
    writeFileSync(at('text'), 'no certificate')
    writeFileSync(at('locked'), readFileSync(key, 'utf8').replaceAll('PRIVATE KEY', 'ENCRYPTED PRIVATE KEY'))
    writeFileSync(at('broken'), readFileSync(cert, 'utf8').replace(/\n.{20}/, '\nMIIBAAAAAAAAAAAAAAAA'))
    const tried = 'Config: read URL/number: '
    expect(await answer({ ca: at('none') })).toBe(`${tried}tls.ca /none cannot be read by the worker: ENOENT`)
    expect(await answer({ ca: stage.folder.path })).toBe(`${tried}tls.ca  is no file`)
    expect(await answer({ ca: '/dev/zero' })).toBe(`${tried}tls.ca /dev/zero is no file`)
    expect(await answer({ ca: at('text') })).toBe(
      `${tried}tls.ca /text holds no certificate: PEM is needed (-----BEGIN CERTIFICATE-----)`,
    )
    expect(await answer({ ca: at('broken') })).toBe(
      `${tried}tls.ca /broken: its certificate 1 cannot be understood`,
    )
    expect(await answer({ ca, cert, key: other.key })).toBe(
      `${tried}tls.key /own/second.key is not the key of tls.cert /own/worker.pem`,
    )
    expect(await answer({ ca, cert, key: at('locked') })).toBe(
      `${tried}tls.key /locked is protected by a passphrase: put the key there without one`,
    )
    expect(await answer({ ca, cert, key: cert })).toBe(
      `${tried}tls.key /own/worker.pem holds no private key: PEM is needed (-----BEGIN PRIVATE KEY-----)`,
    )
    expect(await answer({ ca, cert, key: 'env:NO_KEY' })).toBe(
      `${tried}secret env:NO_KEY is not set in the worker's environment: set it and restart the worker`,
    )
  })

  it('takes its key from the secrets that runbooks may use, and from no other file', async () => {
    const { ca } = stage.own
    const { cert, key } = stage.worker
    const env = { WORKER_KEY: readFileSync(key, 'utf8') }
    const allowed = ['env:WORKER_KEY', `file:${at('own')}/*`]
    expect(
      await asking({ url: server.url, tls: { ca, cert, key: 'env:WORKER_KEY' } }, env, allowed).ask(),
    ).toBe(7)
    expect(await asking({ url: server.url, tls: { ca, cert, key: `file:${key}` } }, env, allowed).ask()).toBe(
      7,
    )
    expect(await asking({ url: server.url, tls: { ca, cert, key } }, env, allowed).ask()).toBe(7)
    const elsewhere = at('elsewhere.key')
    copyFileSync(key, elsewhere)
    const refused = asking({ url: server.url, tls: { ca, cert, key: elsewhere } }, env, allowed)
    expect(await refused.ask()).toMatch(
      /^Denied: .*elsewhere\.key is not one that runbooks may use on this worker/,
    )
  })
})

describe('files that change while the worker runs', () => {
  it('are used from the next call on, on both ends', async () => {
    const ca = at('ca.pem')
    const mine = { cert: at('mine.pem'), key: at('mine.key') }
    const put = (from: { cert: string; key: string }): void => {
      copyFileSync(from.cert, mine.cert)
      copyFileSync(from.key, mine.key)
    }
    copyFileSync(stage.own.ca, ca)
    put(stage.worker)
    const theirs = await startHttpServer(() => NUMBER, {
      ...contentOf(stage.server),
      ca: readFileSync(stage.own.ca, 'utf8'),
    })
    const { ask } = asking({ url: theirs.url, tls: { ca, ...mine } })
    expect(await ask()).toBe(7)

    theirs.renew({
      ...contentOf(await stage.other.issue('server')),
      ca: readFileSync(stage.other.ca, 'utf8'),
    })
    expect(await ask()).toMatch(/^Config: .* signed by none of the authorities in tls\.ca/)
    copyFileSync(stage.other.ca, ca)
    expect(await ask()).toMatch(/another client certificate/)
    put(await stage.other.issue('renewed'))
    expect(await ask()).toBe(7)
    expect(theirs.received.map(({ shown }) => shown)).toEqual(['worker', 'renewed'])
    await theirs.end()
  })

  it('stay in use as they were while a renewal is half done, with one line in the log', async () => {
    const mine = { cert: at('half.pem'), key: at('half.key') }
    copyFileSync(stage.worker.cert, mine.cert)
    copyFileSync(stage.worker.key, mine.key)
    const { ask, lines } = asking({ url: server.url, tls: { ca: stage.own.ca, ...mine } })
    expect(await ask()).toBe(7)
    const next = await stage.own.issue('next-worker')
    copyFileSync(next.cert, mine.cert)
    expect([await ask(), await ask()]).toEqual([7, 7])
    rmSync(mine.key)
    expect(await ask()).toBe(7)
    expect(lines.map((line) => line.replaceAll(stage.folder.path, ''))).toEqual([
      'warn going on with the certificates read before: tls.key /half.key is not the key of tls.cert /half.pem',
      'warn going on with the certificates read before: secret file:/half.key cannot be read by the worker: ENOENT',
    ])
    copyFileSync(next.key, mine.key)
    expect(await ask()).toBe(7)
    expect(server.received.at(-1)?.shown).toBe('next-worker')
  })
})
