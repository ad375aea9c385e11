// Whether the namespace knows the search attributes of a run. One that is missing would fail every workflow task of every
// run, silently and forever; so the worker refuses to start and prints the command that creates them.
import { SearchAttributeType } from '@temporalio/common'
import { attributes } from '../workflows/messages.ts'
import { Refusal } from './refusal.ts'
import type { Temporal } from './temporal.ts'

/** Names of types as the `temporal` CLI takes them, numbers as the server lists them (IndexedValueType). */
const TYPES = {
  [SearchAttributeType.KEYWORD]: { cli: 'Keyword', listed: 2 },
  [SearchAttributeType.INT]: { cli: 'Int', listed: 3 },
} as const

const wanted = Object.values(attributes).map(({ name, type }) => ({ name, ...TYPES[type] }))

/** Raises a Refusal when one is missing or of another type. */
export async function demandSearchAttributes({
  connection,
  namespace,
  address,
}: Pick<Temporal, 'address' | 'namespace' | 'connection'>): Promise<void> {
  const listed = await listedAttributes({ connection, namespace, address })
  const missing = wanted.filter(({ name }) => listed[name] === undefined)
  const other = wanted.filter(({ name, listed: type }) => listed[name] !== undefined && listed[name] !== type)
  if (missing.length === 0 && other.length === 0) return
  const problems = [
    ...missing.map(({ name, cli }) => `  ${name} (${cli}) does not exist`),
    ...other.map(({ name, cli }) => `  ${name} exists with another type than ${cli}: remove it first`),
  ]
  throw new Refusal(
    1,
    `namespace ${namespace} at ${address} lacks search attributes that every run writes:\n${problems.join('\n')}\n` +
      `Create them:\n  ${createCommand({ address, namespace }, [...missing, ...other])}`,
  )
}

/** `temporal operator search-attribute create --address 127.0.0.1:7233 --namespace default --name CutoverService --type Keyword ...` */
function createCommand(
  at: { address: string; namespace: string },
  all: { name: string; cli: string }[],
): string {
  const flags = all.map(({ name, cli }) => `--name ${name} --type ${cli}`)
  return [
    'temporal operator search-attribute create',
    `--address ${at.address} --namespace ${at.namespace}`,
    ...flags,
  ].join(' ')
}

async function listedAttributes({
  connection,
  namespace,
  address,
}: Pick<Temporal, 'address' | 'namespace' | 'connection'>): Promise<Record<string, number>> {
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace })
    return customAttributes ?? {}
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new Refusal(
      1,
      `the search attributes of namespace ${namespace} at ${address} cannot be listed: ${why}`,
      error,
    )
  }
}
