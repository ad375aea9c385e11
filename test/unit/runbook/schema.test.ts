// The published JSON Schema is fresh, knows every provider and step kind, and every key of it says what it is for.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { runbookJsonSchema } from '../../../client/runbook/json-schema.ts'
import { allSpecs, checkRunbook } from '../../../client/runbook/load.ts'
import { FIRST, type Starter, haproxyExporter, starter } from '../../../client/runbook/starter.ts'
import { stepSchemas } from '../../../workflows/steps/schemas.ts'

type Node = { [key: string]: unknown }
const schema = runbookJsonSchema(allSpecs()) as Node
const published = readFileSync(new URL('../../../schema/runbook.json', import.meta.url), 'utf8')

function unions(part: unknown): Node[] {
  const node = part as { anyOf?: Node[]; oneOf?: Node[] }
  return (node.anyOf ?? node.oneOf ?? [part as Node]).flatMap((member) =>
    member === part ? [member] : unions(member),
  )
}

const properties = schema['properties'] as { [key: string]: Node }

test('schema/runbook.json is what the code says: else run `npm run generate`', () => {
  expect(JSON.parse(published)).toEqual(schema)
})

test('every provider is a choice of a connection', () => {
  const choices = unions(properties['connections']?.['additionalProperties'])
  const ids = choices.map((choice) => ((choice['properties'] as Node)['provider'] as Node)['const'])
  expect([...new Set(ids)].sort()).toEqual(
    allSpecs()
      .map(({ id }) => id)
      .sort(),
  )
})

test('every step kind is a choice of a step', () => {
  const kinds = unions(properties['steps']?.['items']).flatMap((choice) => choice['required'] as string[])
  expect(kinds.sort()).toEqual(Object.keys(stepSchemas).sort())
})

test('unknown keys are refused everywhere an object has known ones', () => {
  const open: string[] = []
  const visit = (part: unknown, path: string): void => {
    if (typeof part !== 'object' || part === null) return
    const node = part as Node
    if (node['type'] === 'object' && 'properties' in node && node['additionalProperties'] !== false)
      open.push(path)
    for (const [key, value] of Object.entries(node)) visit(value, `${path}/${key}`)
  }
  visit(schema, '')
  expect(open).toEqual([])
})

const STARTERS: [string, Starter][] = [
  ['without a word', FIRST],
  ['for Envoy', { ...FIRST, traffic: { provider: 'envoy' } }],
  ['for a JSON answer', { ...FIRST, metrics: { provider: 'http-json' } }],
  [
    "for HAProxy's own metrics",
    {
      ...FIRST,
      metrics: { provider: 'prometheus', url: 'http://prom:9090', requests: haproxyExporter('shop') },
      known: new Set(['service', 'socket', 'backend', 'servers', 'url', 'requests']),
    },
  ],
]

test.each(STARTERS)('the runbook that init writes %s is valid and has no cautions', async (_, first) => {
  const loaded = await checkRunbook(starter(first), { file: 'cutover.yaml' })
  expect(loaded.problems).toBeUndefined()
  expect(loaded.plan !== undefined && loaded.cautions).toEqual([])
})
