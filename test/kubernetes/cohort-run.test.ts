// Whole runs in a mesh in which two tenants go first, through the CLI, with requests of users and of the tenants all the time: led by
// http routes beside the one that is moved, proven by asking, under the role that `cutover rbac` prints; led back by an abort.
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { startLoad } from '../../lab/load.ts'
import { serviceObjects } from '../../lab/servers/istio-objects.ts'
import { put } from '../../lab/servers/istio.ts'
import { type MeshStage, openMeshStage } from '../../lab/stage/mesh.ts'
import { allowAsPrinted } from '../../lab/stage/role.ts'
import { asker } from '../contract/traffic/cohort.ts'

const PER_SECOND = 100
const RUN_MS = 180_000 // a whole run with its proofs, on busy cores
const TENANTS = ['acme', 'globex']
const ASK_MS = 50
const OWN = 'tenants-v2' // none of the clusters that the stage waits for

type Runbook = {
  service: string
  connections: { [name: string]: object }
  guards: object
  steps: { [kind: string]: object }[]
}
type Route = { name?: string; match?: object[]; route: { weight?: number }[] }

let stage: MeshStage
beforeAll(async () => {
  stage = await openMeshStage()
  // A Service of their own to the new side: counted with it, so many tenants would never let a share of 5 % be proven.
  const [port = 0] = stage.fleets.new.slots
  for (const object of serviceObjects({ namespace: 'shop', name: OWN, port }))
    await put(stage.kubernetes, object)
  await allowAsPrinted(stage.kubernetes, {
    cli: stage.cli,
    file: runbook('tenants', '3s'),
    user: 'cutover',
  })
})
afterAll(() => stage?.close())

const ask = (tenant: string | null) =>
  asker(stage.mesh.edgeUrl, { header: 'x-tenant' })(tenant).catch((error: unknown) => String(error))
const sides = () => Promise.all([...TENANTS, 'somebody'].map(ask))

/** The example without copies, and before its canary the tenants. */
function runbook(service: string, hold: string): string {
  const { connections, steps, guards, ...rest } = parse(readFileSync(stage.file, 'utf8')) as Runbook
  const side = (name: string) => ({ json: { side: name } })
  const cohort = {
    connection: 'edge',
    members: TENANTS,
    hold,
    good: '2 in a row',
    proof: {
      connection: 'door',
      header: 'x-tenant',
      old: side('old'),
      new: side('new'),
      every: '1s',
    },
  }
  const content = {
    ...rest,
    service,
    guards: ofBoth(guards),
    connections: {
      ...connections,
      edge: { ...connections['edge'], cohort: { header: 'x-tenant', to: { host: OWN } } },
      door: { provider: 'probe/http', url: stage.mesh.edgeUrl },
    },
    steps: [{ cohort }, ...steps.filter((step) => step['shadow'] === undefined)],
  }
  const path = join(dirname(stage.file), `${service}.yaml`)
  writeFileSync(path, stringify(content))
  return path
}

/** While the tenants are alone on the new side, they are all that its guard can see. */
function ofBoth(guards: object): object {
  const [own, both] = [
    'cluster_name="outbound|8080||orders-v2.',
    'cluster_name=~"outbound.8080..(orders|tenants)-v2.',
  ]
  const text = JSON.stringify(guards)
  return JSON.parse(
    text.replaceAll(JSON.stringify(own).slice(1, -1), JSON.stringify(both).slice(1, -1)),
  ) as object
}

const begin = (file: string) => stage.cli.follow(['start', file, '--yes', '--wait', '--as', 'maria'])

async function routes(): Promise<Route[]> {
  const path = '/apis/networking.istio.io/v1/namespaces/shop/virtualservices/orders'
  return ((await stage.kubernetes.get(path)) as unknown as { spec: { http: Route[] } }).spec.http
}

/** Users and tenants ask while the body runs; none of their requests fails. */
async function underLoad(body: () => Promise<void>): Promise<void> {
  const load = await startLoad({ target: { url: stage.mesh.edgeUrl }, ratePerSecond: PER_SECOND })
  const over = new AbortController()
  const failed: string[] = []
  const tenants = TENANTS.map(async (tenant) => {
    while (!over.signal.aborted) {
      const side = await ask(tenant)
      if (side !== 'old' && side !== 'new') failed.push(side ?? 'nothing')
      await new Promise((resolve) => setTimeout(resolve, ASK_MS))
    }
  })
  try {
    await stage.quiet()
    await body()
  } finally {
    over.abort()
    await Promise.all(tenants)
    const { failures } = await load.stop()
    expect({ failures, failed }).toEqual({ failures: {}, failed: [] })
  }
}

describe('tenants who go first in a mesh', () => {
  it(
    'are led back when somebody aborts, and the VirtualService is as it was',
    async () => {
      const before = await routes()
      const run = begin(runbook('tenants-back', '1h'))
      await underLoad(async () => {
        await run.line(/edge cohort: users none -> users acme,globex, verified/)
        expect(await sides()).toEqual(['new', 'new', 'old'])
        expect((await routes()).map(({ name }) => name)).toEqual([`cutover-cohort-${OWN}-1`, undefined])
        await stage.cli.run(['abort', 'tenants-back', '--reason', 'they called', '--as', 'ana'])
        expect((await run.ended).code, 'aborted and restored').toBe(3)
        expect(await sides()).toEqual(['old', 'old', 'old'])
      })
      expect(await routes()).toEqual(before)
    },
    RUN_MS,
  )

  it(
    'are followed by all others, share by share',
    async () => {
      const run = begin(runbook('tenants', '3s'))
      await underLoad(async () => {
        await run.line(/edge cohort: users none -> users acme,globex, verified/)
        expect(await sides()).toEqual(['new', 'new', 'old'])
        const { code, stdout, stderr } = await run.ended
        expect(code, `${stdout}${stderr}`).toBe(0)
        expect(stdout).toMatch(/2 members on the new side/)
      })
      expect(await sides()).toEqual(['new', 'new', 'new'])
      expect((await routes()).at(-1)?.route.map(({ weight }) => weight)).toEqual([0, 100])
    },
    RUN_MS,
  )
})
