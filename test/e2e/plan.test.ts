// What is said before anything is started: what changed since people reviewed, what the run will need and does not work,
// and what stands in its way. On the lab, through the command line only.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Preview } from '../../client/runbook/preview.ts'
import type { Runbook } from '../../lab/stage/runbook.ts'
import { type Stage, openStage } from '../../lab/stage/stage.ts'
import { tellHaproxy } from '../../lab/stage/world.ts'
import { clear, statusOf } from './scene.ts'

const TEST_MS = 120_000 // a dozen commands and a stopped worker, on two busy cores
const FROM_THEN_ON = 'old 90 new 10'

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterEach(() => clear(stage))
afterAll(() => stage?.close())

function canary(service: string, edit: (runbook: Runbook) => void = () => {}): string {
  return stage.runbook('orders-canary', { service, edge: 'haproxy', hold: '20s', edit })
}

async function planOf(file: string, flags: string[] = []): Promise<Preview> {
  return await stage.cli.json<Preview>(['plan', file, ...flags])
}

async function expectNoRun(service: string): Promise<void> {
  expect((await stage.cli.run(['status', service])).stderr).toContain(`there is no run of ${service}`)
}

/** Says `start` and expects that it refuses; gives the reason. */
async function refused(words: string[]): Promise<string> {
  const said = await stage.cli.run(['start', ...words])
  expect(said, said.stderr).toMatchObject({ code: 1, stdout: '' })
  expect(said.stderr).not.toMatch(/^\s+at /m)
  return said.stderr
}

describe('a plan that was reviewed', () => {
  it(
    'is not started over another world: what changed is named, from what to what; put back, it is',
    async () => {
      const file = canary('reviewed')
      const { digest, problems } = await planOf(file)
      expect(problems).toEqual([])
      expect((await planOf(file)).digest).toBe(digest)
      await tellHaproxy(stage.lab, 'set weight orders/v1 90; set weight orders/v2 10')
      const said = await refused([file, '--plan', digest.slice(0, 12)])
      expect(said).toContain(`is no longer the plan ${digest.slice(0, 12)}`)
      expect(said).toContain(`edge split: old 100 new 0 -> ${FROM_THEN_ON}`)
      await expectNoRun('reviewed')

      const changed = await planOf(file)
      expect(changed.digest).not.toBe(digest)
      await tellHaproxy(stage.lab, 'set weight orders/v1 100; set weight orders/v2 0')
      expect(await refused([file, '--plan', changed.digest])).toContain(
        `edge split: ${FROM_THEN_ON} -> old 100 new 0`,
      )
      const started = await stage.cli.json<{ digest: string }>(['start', file, '--plan', digest])
      expect(started.digest).toBe(digest)
      expect((await statusOf(stage, 'reviewed')).digest).toBe(digest)
    },
    TEST_MS,
  )

  it(
    'is not started from another runbook: what changed in it is named; instances may come and go',
    async () => {
      const { digest } = await planOf(canary('edited'))
      const file = canary('edited', ({ steps }) => {
        for (const step of steps) if (step['canary'] !== undefined) step['canary']['weights'] = ['10%', '50%']
      })
      const said = await refused([file, '--plan', digest])
      expect(said).toMatch(/step \d+ \(canary\) was changed/)
      expect(said).not.toContain('edge split:')

      await stage.lab.fleets.old.scale(stage.start.capacity.old + 1) // as an autoscaler would
      expect((await planOf(canary('edited'))).digest).toBe(digest)
    },
    TEST_MS,
  )

  it(
    'offline names the runbook alone, and its start says what it is going to act on',
    async () => {
      const file = canary('unseen')
      const offline = await planOf(file, ['--offline'])
      expect(offline.digest).not.toBe((await planOf(file)).digest)
      const said = await stage.cli.run(['start', file, '--plan', offline.digest])
      expect(said.code, said.stderr).toBe(0)
      expect(said.stderr).toContain('names the runbook alone')
      expect(said.stderr).toContain('edge split: old 100 new 0')
      expect(said.stdout).toContain('puts everything back')
    },
    TEST_MS,
  )

  it(
    'by a digest that nobody knows is said to be unknown',
    async () => {
      const said = await refused([canary('unknown'), '--plan', 'deadbeefdeadbeef'])
      expect(said).toContain('What it was then is not known')
    },
    TEST_MS,
  )
})

describe('what a run will need is tried beforehand', () => {
  it(
    'a secret that is missing, a receiver that is not there: all of them, exit code 1',
    async () => {
      const file = canary('needy', ({ connections, guards, steps }) => {
        connections['other'] = { ...(connections['prom'] as object), token: 'env:NOT_SET_ANYWHERE' }
        connections['pager'] = { provider: 'notify/webhook', url: 'http://127.0.0.1:2/nobody' }
        const [name = ''] = Object.keys(guards ?? {})
        const guard = guards?.[name] as { [key: string]: unknown }
        guards!['secretive'] = { ...guard, from: 'other' }
        steps.unshift({ announce: { connection: 'pager', text: 'hello' } })
      })
      const { code, stdout } = await stage.cli.run(['plan', file])
      expect(code, stdout).toBe(1)
      expect(stdout).toMatch(
        /secrets of other, guard secretive: Config: secret env:NOT_SET_ANYWHERE is not set/,
      )
      expect(stdout).toContain('notices by pager: Unavailable: notify http://127.0.0.1:2/nobody')
      expect(stdout).not.toContain('start with:')
      const said = await refused([file, '--yes'])
      expect(said).toContain('secret env:NOT_SET_ANYWHERE is not set')
      expect(said).toContain('--ignore-problems')
      await expectNoRun('needy')

      const started = await stage.cli.run(['start', file, '--yes', '--ignore-problems', '--as', 'maria'])
      expect(started.code, started.stderr).toBe(0)
      const { log } = await statusOf(stage, 'needy')
      expect(log.map(({ text }) => text).join('\n')).toMatch(/started by maria despite .*NOT_SET_ANYWHERE/)
    },
    TEST_MS,
  )

  it(
    'a metrics backend that does not answer, named with its guards',
    async () => {
      const file = canary('blind')
      await stage.lab.servers.prometheus.stop()
      const { problems } = await planOf(file)
      expect(problems).toMatchObject([{ what: 'guard', connection: 'prom', target: null }, {}])
      expect(problems.every(({ problem }) => problem.startsWith('Unavailable: '))).toBe(true)
      expect(await refused([file, '--yes'])).toContain('guard errors')
      await expectNoRun('blind')
    },
    TEST_MS,
  )

  it(
    'a resolver that does not answer, at the step that waits for it',
    async () => {
      const file = stage.runbook('dns-move', {
        service: 'deaf',
        edit: ({ steps }) => {
          for (const step of steps) if (step['ttl'] !== undefined) step['ttl']['resolvers'] = ['127.0.0.1:1']
        },
      })
      const { problems, steps } = await planOf(file)
      expect(problems).toEqual([])
      const notes = steps.find(({ kind }) => kind === 'ttl')?.notes.join()
      expect(notes).toMatch(/not alike everywhere now: .*resolver 127\.0\.0\.1:1: /)
      expect(steps.find(({ kind }) => kind === 'repoint')?.notes).toEqual([])
    },
    TEST_MS,
  )

  it(
    'a side that nobody is served by yet has no data: a note, no problem',
    async () => {
      const file = canary('asleep')
      const { problems, tried } = await planOf(file)
      expect(problems).toEqual([])
      const guard = tried.find(({ name }) => name === 'guard errors')
      expect(guard?.notes.join()).toMatch(/unknown: .*sleeps until its sides are served/)
      expect(tried.map(({ what }) => what)).toEqual(
        expect.arrayContaining(['secrets', 'lock', 'permission', 'guard']),
      )
    },
    TEST_MS,
  )
})

describe('without a worker', () => {
  it(
    'plan and start say so in words of their own and start nothing',
    async () => {
      const file = canary('nobody')
      await stage.worker.server.kill()
      try {
        for (const words of [
          ['plan', file],
          ['start', file, '--yes'],
        ]) {
          const said = await stage.cli.run(words)
          expect(said, said.stderr).toMatchObject({ code: 1, stdout: '' })
          expect(said.stderr).toMatch(/no worker (took it up|serves the task queue)/)
          expect(said.stderr).toContain('cutover worker')
          expect(said.stderr).not.toMatch(/workflow/i)
        }
        await expectNoRun('nobody')
      } finally {
        await stage.worker.server.start()
      }
    },
    TEST_MS,
  )
})

describe('a state of Terraform', () => {
  it(
    'names what the next apply puts back; what it holds goes nowhere, and without it a start is on record',
    async () => {
      const secret = 'hunter2-of-the-zone'
      const record = {
        zone: 'example.test.',
        name: 'api.example.test.',
        type: 'A',
        ttl: 300,
        records: ['127.0.0.11'],
      }
      const stateOf = (serial: number) => ({
        version: 4,
        serial,
        lineage: '6f0c2a0e-4c1f-7d3a-9b57-1d2f3a4b5c6d',
        outputs: { password: { value: secret, type: 'string', sensitive: true } },
        resources: [
          {
            module: 'module.dns',
            mode: 'managed',
            type: 'powerdns_record',
            name: 'api',
            instances: [{ attributes: record, sensitive_attributes: [], private: secret }],
          },
        ],
      })
      const edit = (runbook: Runbook) => Object.assign(runbook, { terraform: [{ state: 'zone.tfstate' }] })
      const file = stage.runbook('dns-move', { service: 'declared', zone: 'powerdns', edit })

      const missing = await stage.cli.run(['start', file, '--yes'])
      expect(missing, missing.stderr).toMatchObject({ code: 2, stdout: '' })
      expect(missing.stderr).toMatch(
        /declared\.yaml:\d+:\d+ .*terraform\[0\]\.state: the state cannot be read: there is no such file/,
      )

      stage.write('zone.tfstate', JSON.stringify(stateOf(12)))
      const said = await stage.cli.run(['plan', file, '-o', 'json'])
      expect(said.stdout + said.stderr).not.toContain(secret)
      const { digest, steps } = JSON.parse(said.stdout) as Preview
      const notes = steps.flatMap((step) => step.notes)
      expect(notes).toContainEqual(
        expect.stringMatching(
          /^zone api\.example\.test\. A: Terraform manages api\.example\.test\. A \(module\.dns\.powerdns_record\.api in zone\.tfstate, serial 12, lineage 6f0c\S+\): the next `terraform apply` puts back 127\.0\.0\.11, TTL 300s; .* records = \["127\.0\.0\.12"\]$/,
        ),
      )
      stage.write('zone.tfstate', JSON.stringify(stateOf(13)))
      expect((await planOf(file)).digest).toBe(digest)

      stage.write('zone.tfstate', `{ "password": "${secret}`)
      const started = await stage.cli.run(['start', file, '--yes', '--ignore-problems', '-o', 'json'])
      expect(started, started.stderr).toMatchObject({ code: 0 })
      const status = await stage.cli.run(['status', 'declared', '-o', 'json'])
      expect(status.stdout).toContain('despite terraform[0].state: zone.tfstate:1:15 is not JSON')
      expect(status.stdout + started.stdout + started.stderr).not.toContain(secret)
    },
    TEST_MS,
  )
})
