// The worker's own way to Temporal by certificates that live less than a minute: renewed beneath it, read by the CLI at its
// start, and refused in words when they are of no use. HAProxy asks for them in front of the dev server.
import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Folder, createFolder } from '../../lab/folder.ts'
import { type Temporal, startTemporal } from '../../lab/servers/temporal.ts'
import { type Cli, cliWith } from '../../lab/stage/cli.ts'
import { until } from '../../lab/until.ts'
import { type Authority, type CertificateFiles, createAuthority } from '../certificates.ts'
import { type TlsFront, startTlsFront } from '../tls-front.ts'
import { ownWorkers } from './own-workers.ts'

const MAIN = fileURLToPath(new URL('../../worker/main.ts', import.meta.url))
const LIFE_MS = 40_000 // long enough for a worker to start in on a busy machine
const RUNBOOK = `
cutover: v1
service: renewed
connections: {}
steps:
  - hold: { for: 1h }
`

let folder: Folder
let authority: Authority
let temporal: Temporal
let front: TlsFront
const workers = ownWorkers([MAIN])
const at = (name: string): string => join(folder.path, name)

beforeAll(async () => {
  folder = createFolder('temporal-tls')
  authority = await createAuthority(at('authority'), 'authority')
  temporal = await startTemporal()
  front = await startTlsFront({
    certificate: await authority.issue('frontend'),
    ca: authority.ca,
    to: temporal.address,
    alpn: 'h2',
  })
  writeFileSync(at('runbook.yaml'), RUNBOOK)
})
afterAll(async () => {
  await workers.end()
  await front?.server.close()
  await temporal?.server.close()
  folder?.remove()
})

const reach = (files: CertificateFiles) => ({
  TEMPORAL_ADDRESS: front.address,
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: authority.ca,
  TEMPORAL_TLS_CLIENT_CERT_PATH: files.cert,
  TEMPORAL_TLS_CLIENT_KEY_PATH: files.key,
})

it(
  'a worker goes on serving its runs when its certificate is renewed, and the one before is over',
  { timeout: 180_000 },
  async () => {
    const mine = { cert: at('worker.pem'), key: at('worker.key') }
    const ends = new Date(Date.now() + LIFE_MS)
    const first = await authority.issue('first', { until: ends })
    copyFileSync(first.cert, mine.cert)
    copyFileSync(first.key, mine.key)
    const worker = workers.start({ ...reach(mine), CUTOVER_METRICS_ADDRESS: '127.0.0.1:0' })
    await worker.wrote(/serving cutover/)
    const cli = cliWith({ ...reach(await authority.issue('operator')), CUTOVER_ACTOR: 'ana' })
    expect(await cli.run(['start', at('runbook.yaml'), '--yes'])).toMatchObject({ code: 0 })
    await untilPhase(cli, 'holding')

    const second = await authority.issue('second')
    copyFileSync(second.cert, mine.cert) // half done: the key comes a moment later
    await worker.wrote(/goes on with the credentials read before/)
    copyFileSync(second.key, mine.key)
    await worker.wrote(/certificates were renewed/)
    await until('the first certificate is over', () => Date.now() > ends.getTime() + 1_000, LIFE_MS)
    await front.server.stop()
    await front.server.start() // whoever comes back now is asked for a certificate anew

    expect(await cli.run(['abort', 'renewed', '--reason', 'enough', '--wait'])).toMatchObject({ code: 3 })
    const late = cliWith(reach(first))
    const { code, stderr } = await late.run(['list'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/the server does not take the client certificate/)
    worker.signal('SIGTERM')
    expect(await worker.ended).toBe(0)
    expect(worker.text()).not.toMatch(/PRIVATE KEY/)
  },
)

async function untilPhase(cli: Cli, wanted: string): Promise<void> {
  await until(`the run is ${wanted}`, async () => {
    const { phase } = await cli.json<{ phase: string }>(['status', 'renewed'])
    return phase === wanted
  })
}
