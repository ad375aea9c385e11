// Names as they are: an address that becomes an alias and comes back, and mistakes about names that `plan` tells before anything
// is done. On the lab, through the command line only.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Preview } from '../../client/runbook/preview.ts'
import { askDns } from '../../lab/dns.ts'
import { type Stage, openStage } from '../../lab/stage/stage.ts'
import { begin, clear, decide, statusOf } from './scene.ts'

const TEST_MS = 120_000 // half a minute of steps, on two busy cores
const SEEN = { resolvers: [], margin: '1s', within: '20s' }

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterEach(() => clear(stage))
afterAll(() => stage?.close())

type Zone = 'bind' | 'powerdns'
type Steps = { [kind: string]: { [field: string]: unknown } }[]

function runbook(service: string, zone: Zone, steps: Steps): string {
  return stage.runbook('dns-move', { service, zone, edit: (written) => void (written.steps = steps) })
}

async function shown(zone: Zone, name: string): Promise<unknown[]> {
  const { records } = await askDns(stage.lab.addresses[zone].dns, name, 'A')
  return records.map((record) => [record.name, record.type, record.ttl, record.data]).sort()
}

describe.each(['bind', 'powerdns'] as const)('names on %s', (zone) => {
  it(
    'an address becomes an alias, and aborted, exactly the address is back',
    async () => {
      const service = `alias-${zone}`
      const before = await shown(zone, 'www.example.test')
      const file = runbook(service, zone, [
        {
          repoint: {
            connection: 'zone',
            records: { 'www.example.test. CNAME': ['api.example.test.'] },
            hold: '60s',
            ...SEEN,
          },
        },
      ])
      const run = begin(stage, file)
      await run.line(/www\.example\.test\. CNAME proven: /)
      expect(await shown(zone, 'www.example.test')).toContainEqual([
        'www.example.test',
        'CNAME',
        300,
        'api.example.test',
      ])
      await decide(stage, ['abort', service, '--reason', 'wrong edge', '--as', 'raj'])
      expect((await run.ended).code).toBe(3)
      expect(await shown(zone, 'www.example.test')).toEqual(before)
      expect(await statusOf(stage, service)).toMatchObject({ outcome: 'restored' })
    },
    TEST_MS,
  )

  it(
    'plan tells an alias that is named as an address, a name that is not there, and what to write',
    async () => {
      const file = runbook(`names-${zone}`, zone, [
        {
          ttl: {
            connection: 'zone',
            records: ['shop.example.test. A', 'wwww.example.test. A'],
            to: '2s',
            ...SEEN,
          },
        },
      ])
      const { code, stdout } = await stage.cli.run(['plan', file, '-o', 'json'])
      expect(code).toBe(1)
      const { problems } = JSON.parse(stdout) as Preview
      const texts = problems.map(({ target, problem }) => `${target}: ${problem}`)
      expect(texts).toContainEqual(
        expect.stringContaining(
          'shop.example.test. is a CNAME to www.example.test.: name the CNAME (and the records behind it)',
        ),
      )
      expect(texts).toContain(
        'wwww.example.test. A: Missing: there is no wwww.example.test. A: check the name',
      )
    },
    TEST_MS,
  )
})
