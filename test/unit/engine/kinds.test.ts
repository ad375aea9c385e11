// What step kinds say of themselves must agree: with what they are going to change, with the schema, and with their runbooks.
import { readFileSync, readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Plan, PlannedStep } from '../../../workflows/plan.ts'
import { changingFacts } from '../../../workflows/ports/facts.ts'
import { connectionsIn, mainConnectionsIn } from '../../../workflows/steps/connections.ts'
import { isStepKind, kindOf, outline, reversibility } from '../../../workflows/steps/kind-of.ts'
import { kinds } from '../../../workflows/steps/kinds.ts'
import { stepSchemas } from '../../../workflows/steps/schemas.ts'
import { everything } from '../../workflow/runbooks.ts'
import { planOf } from '../runbook/fixture.ts'

const FOLDER = new URL('../../../examples/', import.meta.url)
const texts = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => readFileSync(new URL(file, FOLDER), 'utf8'))
const plans: Plan[] = await Promise.all(
  [...texts, everything({ service: 'orders', world: 'orders' })].map((text) => planOf(text)),
)
const steps = plans.flatMap((plan) => plan.steps.map((step) => ({ plan, step })))
const changesOf = (step: PlannedStep) => outline(step, () => undefined).changes

describe.each(Object.keys(kinds))('%s', (name) => {
  const own = steps.filter(({ step }) => step.kind === name)

  test('changes something exactly when it says so, and only through its own connections', () => {
    expect(own).not.toEqual([])
    for (const { plan, step } of own) {
      const changes = changesOf(step)
      const main = mainConnectionsIn(step)
      expect(changes.length > 0).toBe(kindOf(step).changes)
      for (const { connection } of changes) {
        expect(main.map((each) => each.name)).toContain(connection)
        expect(changingFacts(plan.connections[connection]?.port)).not.toBeNull()
      }
    }
  })

  test('names connections of the ports that it says', () => {
    for (const { plan, step } of own) {
      const named = connectionsIn(step)
      expect(named.map((each) => plan.connections[each.name]?.port)).toEqual(named.map(({ port }) => port))
    }
  })

  test('moves users by what it changes, and says so at a field that is there', () => {
    for (const { step } of own) {
      const targets = changesOf(step).map(({ connection, target }) => `${connection} ${target}`)
      for (const { connection, target, path } of kindOf(step).moves?.(step.spec) ?? []) {
        expect(targets).toContain(`${connection} ${target}`)
        const field = path.reduce<unknown>(
          (held, part) => (held as { [part: string]: unknown })[part],
          step.spec,
        )
        expect(field).toBeDefined()
      }
    }
  })

  test('moves users exactly when its fields may say why nothing watches it', () => {
    const schema = stepSchemas[name as keyof typeof stepSchemas]
    expect(kinds[name as keyof typeof kinds].moves !== undefined).toBe('unwatched' in schema.shape)
  })
})

test('only a decommission and a promotion cannot be taken back', () => {
  const final = steps.filter(({ step }) => reversibility(step, null).is === 'irreversible')
  expect(new Set(final.map(({ step }) => step.kind))).toEqual(new Set(['decommission', 'promote']))
})

test('a kind that only a newer version knows says nothing, and nothing fails', () => {
  const step = { kind: 'teleport', spec: { connection: 'edge' } } as unknown as PlannedStep
  expect(isStepKind('teleport')).toBe(false)
  expect(changesOf(step)).toEqual([])
  expect(connectionsIn(step)).toEqual([])
  expect(kindOf(step).asks).toBeUndefined()
})
