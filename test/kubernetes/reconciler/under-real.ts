// The one suite of a reconciler under its own controller: what it does of itself, what a suspension holds, and what is believed of its
// word. A second service beside each case shows that the controller is alive while it leaves the first one alone.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { applyTo } from '../../../activities/change/look.ts'
import { restoreTo } from '../../../activities/change/restore.ts'
import { until } from '../../../lab/until.ts'
import type { JsonObject } from '../../../workflows/json.ts'
import { SUSPENDED } from '../../../workflows/ports/reconciler.ts'
import type { Changing, Confirmation } from '../../../workflows/ports/target.ts'
import { type ChangingBench, connect, io } from '../../contract/changing.ts'
import { freeze } from '../../contract/frozen.ts'
import { configOf, provider as gatewayApi } from '../traffic/gateway-bench.ts'
import { GatewayApiConfig, rulesOf } from '../../../activities/traffic/gateway-api/schema.ts'
import { type Declared, FOLLOWS_MS, type Real } from './real.ts'

export const CASE_MS = 240_000 // several rhythms of a controller, on busy cores
const MINUTE_MS = 60_000
const TARGET = 'reconciling'

/** What cases ask of one service; its clock can be moved on, as for a comparison that is asked for once a minute. */
export interface Case extends Declared {
  port: Changing
  suspend(): Promise<void>
  resume(before: JsonObject): Promise<unknown>
  found(): Promise<JsonObject>
  confirm(expects: string, desired?: JsonObject): Promise<Confirmation>
  settles(what: string, expects: string, desired?: JsonObject): Promise<Confirmation>
  /** A look begins without what the looks before it had in mind. */
  forget(): void
  minuteLater(): void
}

export async function caseOf(real: Real, provider: unknown, name: string): Promise<Case> {
  const declared = await real.declare(name)
  let memory: JsonObject | undefined
  let aheadMs = 0
  const deps = { ...real.ground.deps(), now: () => Date.now() + aheadMs }
  const port = connect(provider as ChangingBench['provider'], declared.config, deps)
  const found = async () => (await port.observe(TARGET, io())).value as JsonObject
  const confirm = async (expects: string, desired: JsonObject = { ...SUSPENDED }): Promise<Confirmation> => {
    const options = { expects, objects: [`HTTPRoute shop/${name}`] }
    const request = { target: TARGET, desired, options, ...(memory === undefined ? {} : { memory }) }
    const answer = await port.confirm?.(request, io())
    if (answer === undefined) throw new Error('it proves nothing')
    memory = answer.memory
    return answer
  }
  return {
    ...declared,
    port,
    found,
    confirm,
    async suspend() {
      memory = undefined
      const of = { target: TARGET, desired: { ...SUSPENDED }, expected: await found() }
      await applyTo(port, { ...of, portName: 'reconciler' }, io())
    },
    async resume(before) {
      memory = undefined
      const of = { before, ours: [{ ...SUSPENDED }], halves: [], isUncertain: false, isRepeated: false }
      return await restoreTo(port, { target: TARGET, portName: 'reconciler', ...of }, io())
    },
    async settles(what, expects, desired) {
      let last: Confirmation | undefined
      const look = async () => {
        last = await confirm(expects, desired)
        if (!last.settled) throw new Error(last.lines.join('; '))
        return last
      }
      return await until(what, look, FOLLOWS_MS)
    },
    forget: () => void (memory = undefined),
    minuteLater: () => void (aheadMs += MINUTE_MS),
  }
}

/** Somebody changes the route of a service that goes on, and sees it put back: its controller has come by meanwhile. */
export async function putBack(witness: Declared): Promise<void> {
  await witness.setWeights(50, 50)
  await until('a change is put back', async () => (await witness.route()).weights[0] === 100, FOLLOWS_MS)
}

/** Nobody puts back what is changed now, while a service beside it is put back. */
export async function staysAlone(one: Declared, witness: Declared): Promise<void> {
  await one.setWeights(0, 100)
  await putBack(witness)
  expect((await one.route()).weights).toEqual([0, 100])
}

/** `file`: of the route in its repository. */
export async function goesOnOnlyWithWhatCanBeApplied(
  one: Case,
  { file, moved }: { file: string; moved: string },
): Promise<void> {
  const before = await one.found()
  await one.suspend()
  await one.settles('it is quiet', 'quiet')
  await one.repository.commit({ [file]: one.manifest(0, 100).replace('HTTPRoute', 'NoSuchKind') })
  await one.settles(moved, 'after')
  await one.resume(before)
  await until(
    'it says why',
    async () => {
      const { settled, lines } = await one.confirm('after', before)
      expect(settled, lines.join()).toBe(false)
      return /it is not Ready: .*NoSuchKind/s.test(lines.join())
    },
    FOLLOWS_MS,
  )
  await one.commit(100, 0)
  await one.settles('it has gone on', 'after', before)
}

/** Why what it is made from does not move, until it does. */
export async function saysWhyNot(one: Case, words: RegExp): Promise<void> {
  await until(
    'it says why',
    async () => {
      const { settled, lines } = await one.confirm('after')
      expect(settled, lines.join()).toBe(false)
      return words.test(lines.join())
    },
    FOLLOWS_MS,
  )
}

export function underReal(
  id: string,
  { provider, open, named }: { provider: unknown; open(): Promise<Real>; named(name: string): string },
  /** What only one of them can be asked. */
  own: (of: { real(): Real; witness(): Declared; begin(): Promise<Case> }) => void,
): void {
  describe(`${id} under its own controller`, () => {
    let real: Real
    let witness: Declared
    let count = 0
    const begin = () => caseOf(real, provider, `${id.slice(11)}-${count++}`)
    beforeAll(async () => {
      real = await open()
      witness = await real.declare('witness')
    }, CASE_MS)
    afterAll(() => real?.end())
    own({ real: () => real, witness: () => witness, begin })

    it(
      'puts back what a run sets, and is named by the object that it declares',
      async () => {
        const one = await begin()
        await real.ground.allow(
          rulesOf(GatewayApiConfig.parse(configOf(one.name)), { changed: ['split'], looked: [] }),
        )
        const edge = connect(gatewayApi, configOf(one.name), real.ground.deps())
        const seen = await edge.observe('split', io())
        const object = `HTTPRoute shop/${one.name}`
        expect(seen.reconcilers).toEqual([
          { name: named(one.name), object, caution: expect.stringContaining('may put back') },
        ])
        expect((await one.port.observe(TARGET, io())).facts).toMatchObject({
          names: expect.arrayContaining([named(one.name)]),
        })
        const desired = { old: 50, new: 50 }
        await applyTo(edge, { target: 'split', desired, expected: seen.value, portName: 'traffic' }, io())
        await until('it is put back', async () => (await one.route()).weights[0] === 100, FOLLOWS_MS)
        expect((await edge.observe('split', io())).writer, 'who did it is known').toMatch(
          /argocd|kustomize-controller|helm/,
        )
      },
      CASE_MS,
    )

    it(
      'leaves alone what it declares once it is suspended and quiet, while it puts back what is beside',
      async () => {
        const one = await begin()
        await one.suspend()
        await one.settles('it is quiet', 'quiet')
        await one.setWeights(0, 100)
        const { generation } = await one.route()
        await one.commit(90, 10) // whatever is declared meanwhile
        await putBack(witness)
        await putBack(witness)
        expect(await one.route()).toMatchObject({ weights: [0, 100], generation })
        expect(await one.confirm('quiet')).toMatchObject({ settled: true })
      },
      CASE_MS,
    )

    it(
      'is not quiet while its controller is frozen, nor once it is gone; it is when it has read it',
      async () => {
        const one = await begin()
        const frozen = await freeze(real.controller.pid)
        try {
          await one.suspend()
          await unread(one)
        } finally {
          await frozen.end()
        }
        await one.settles('it is quiet', 'quiet')
        const other = await begin()
        await real.controller.kill()
        try {
          await other.suspend()
          await unread(other)
        } finally {
          await real.controller.start()
        }
        await other.settles('it is quiet', 'quiet')
        await staysAlone(other, witness)
      },
      CASE_MS,
    )

    it(
      'is handed back only when the repository says what is live, and then changes nothing',
      async () => {
        const one = await begin()
        const before = await one.found()
        await one.suspend()
        await one.settles('it is quiet', 'quiet')
        await one.setWeights(0, 100)
        const { generation } = await one.route()
        one.forget()
        const said: string[] = []
        await until('it has compared', async () => {
          const { settled, lines } = await one.confirm('after')
          expect(settled, lines.join('; ')).toBe(false)
          said.push(...lines)
          return /OutOfSync|is still at/.test(lines.join())
        })
        const revision = await one.commit(0, 100)
        one.minuteLater()
        const agreed = await one.settles('it is declared', 'after')
        expect(agreed.lines.join(), said.join('\n')).toContain(revision)
        await one.resume(before)
        const gone = await one.settles('it has gone on', 'after', before)
        expect(gone.lines.join()).toContain(revision)
        await putBack(witness)
        expect(await one.route()).toMatchObject({ weights: [0, 100], generation })
        expect(await one.found()).toEqual(before)
        await one.setWeights(50, 50)
        await until('it goes on', async () => (await one.route()).weights[1] === 100, FOLLOWS_MS)
      },
      CASE_MS,
    )

    it(
      'does not say that it has gone on while its controller is frozen',
      async () => {
        const one = await begin()
        const before = await one.found()
        await one.suspend()
        await one.settles('it is quiet', 'quiet')
        const frozen = await freeze(real.controller.pid)
        try {
          await one.resume(before)
          for (let looks = 0; looks < 3; looks++) {
            expect(await one.confirm('after', before)).toMatchObject({ settled: false })
            one.minuteLater()
          }
        } finally {
          await frozen.end()
        }
        await one.settles('it has gone on', 'after', before)
      },
      CASE_MS,
    )
  })
}

async function unread(one: Case): Promise<void> {
  for (let looks = 0; looks < 3; looks++) {
    expect(await one.confirm('quiet')).toMatchObject({
      settled: false,
      lines: expect.arrayContaining(['its controller has not looked at it since']),
    })
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
}
