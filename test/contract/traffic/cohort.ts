// The behaviour suite of edges that lead a cohort: asked through the real proxy as members and as strangers. It asserts on who
// answers, never on how a proxy was told.
import { get } from 'node:http'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { applyTo } from '../../../activities/change/look.ts'
import { kindOf } from '../../../activities/failure.ts'
import type { Json } from '../../../workflows/json.ts'
import type { Changing, Observed } from '../../../workflows/ports/target.ts'
import { type ChangingBench, connect, io } from '../changing.ts'

const PATIENCE_MS = 20_000 // a status comes before the users are moved; a hang must still end
/** Every sign that a member may have, beside members that differ by just that sign. */
const ODD = ['a.c', 'o+o', 'x=y/z', 'team:one', 'ana@example.com', 'b-b_b']
const LOOKALIKES = [
  'abc',
  'ooo',
  'x=y',
  'team:on',
  'ana@example_com',
  'b-b_',
  'A.C',
  'acm',
  'acmee',
  'xacme',
  'acme globex',
  'acme|globex',
  '.*',
]

export interface CohortBench extends Omit<ChangingBench, 'target' | 'values'> {
  /** Who answers whoever says to be this user; null says nothing. */
  ask(user: string | null): Promise<string | null>
  /** As many members as the suite is to lead at once. */
  many: number
  /** Someone else makes what leads the cohort lead somewhere else; the value may still look as before. */
  mislead?(): Promise<void>
}

export function cohortContract(name: string, makeBench: () => Promise<CohortBench>): void {
  describe(`${name} leads a cohort`, () => {
    let bench: CohortBench
    let port: Changing
    let start: Observed
    let around: Json

    beforeAll(async () => {
      bench = await makeBench()
      port = connect(bench.provider, bench.config, bench.deps)
      start = await port.observe('cohort', io())
      around = await bench.neighbours()
    })
    afterEach(async () => {
      if (start === undefined) return
      await lead([])
      expect(await bench.neighbours(), 'all else is exactly as it was').toEqual(around)
    })
    afterAll(() => bench?.end())

    const lead = async (users: string[]) => {
      const { value: expected } = await port.observe('cohort', io())
      const applied = await applyTo(
        port,
        { target: 'cohort', desired: { users: users.toSorted() }, expected },
        io(),
      )
      expect(applied.readBack).toBe('match')
    }
    const answers = (users: (string | null)[]) => Promise.all(users.map((user) => bench.ask(user)))
    const served = async (sides: { new: (string | null)[]; old: (string | null)[] }) => {
      const look = async () => ({ new: await answers(sides.new), old: await answers(sides.old) })
      const wanted = { new: sides.new.map(() => 'new'), old: sides.old.map(() => 'old') }
      await expect.poll(look, { timeout: PATIENCE_MS, interval: 25 }).toEqual(wanted)
    }

    it('members and nobody else, whatever signs their names have; and back', async () => {
      expect(start.value).toEqual({ users: [] })
      await lead(['acme', ...ODD])
      await served({ new: ['acme', ...ODD], old: [null, 'somebody', ...LOOKALIKES] })
      const confirm = { target: 'cohort', desired: { users: ['acme', ...ODD].sort() }, options: {} }
      await expect
        .poll(async () => (await port.confirm!(confirm, io())).settled, {
          timeout: PATIENCE_MS,
          interval: 50,
        })
        .toBe(true)
      await lead([])
      await served({ new: [], old: ['acme', ...ODD, null] })
    })

    it('some of them are led back, and the others stay', async () => {
      await lead(['acme', 'globex', 'initech'])
      await served({ new: ['acme', 'globex', 'initech'], old: ['hooli'] })
      await lead(['globex', 'hooli'])
      await served({ new: ['globex', 'hooli'], old: ['acme', 'initech', null] })
    })

    it('as many as it says that it can', async () => {
      const all = Array.from(
        { length: bench.many },
        (_, at) => `tenant-${String(at).padStart(3, '0')}.example.com`,
      )
      await lead(all)
      await served({
        new: [all[0]!, all[Math.floor(bench.many / 2)]!, all.at(-1)!],
        old: ['tenant-999.example.com', null],
      })
    })

    it('whatever the weights are, and weights that change meanwhile leave it alone', async () => {
      await lead(['acme'])
      const weights = await port.observe('split', io())
      const desired = { old: 50, new: 50 }
      await applyTo(port, { target: 'split', desired, expected: weights.value }, io())
      const sides = async () => [...new Set(await answers(Array.from({ length: 60 }, () => null)))].sort()
      await expect.poll(sides, { timeout: PATIENCE_MS, interval: 25 }).toEqual(['new', 'old'])
      expect(new Set(await answers(Array.from({ length: 30 }, () => 'acme')))).toEqual(new Set(['new']))
      expect(await port.observe('cohort', io())).toMatchObject({ value: { users: ['acme'] } })
      await applyTo(port, { target: 'split', desired: weights.value, expected: desired }, io())
      await served({ new: ['acme'], old: [null, 'globex'] })
    })

    it('says so when somebody has changed what leads it', async () => {
      if (bench.mislead === undefined) return // declared by the bench: a value is all there is
      await lead(['acme'])
      await bench.mislead()
      const seen = await port.observe('cohort', io())
      expect(seen.elsewhere?.map(({ place }) => place).join('\n'), JSON.stringify(seen)).toMatch(
        /cutover-cohort/,
      )
      const refused = await applyTo(
        port,
        { target: 'cohort', desired: { users: ['acme', 'globex'] }, expected: { users: ['acme'] } },
        io(),
      ).catch((error: unknown) => error)
      expect(kindOf(refused)).toBe('Conflict')
      const { value, ...version } = seen
      await port.write({ target: 'cohort', desired: { users: [] }, seen: { value, ...version } }, io()) // a person says: restore it
    })
  })
}

/** Through a proxy, by its own host where it has several, with a header or a cookie. */
export function asker(
  url: string,
  { host, header, cookie }: { host?: string; header?: string; cookie?: string },
): CohortBench['ask'] {
  return (user) =>
    new Promise((resolve, reject) => {
      const sign =
        header === undefined ? { cookie: `theme=dark; ${cookie}=${user}; lang=en` } : { [header]: user }
      const headers = { ...(host && { host }), ...(user === null ? {} : (sign as Record<string, string>)) }
      get(url, { headers, agent: false }, (answer) => {
        answer.resume()
        answer.on('error', reject)
        answer.on('end', () => {
          const side = answer.headers['x-side']
          resolve(
            answer.statusCode === 200 && typeof side === 'string' ? side : `status ${answer.statusCode}`,
          )
        })
      }).on('error', reject)
    })
}
