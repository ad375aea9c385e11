// Which targets of a plan Terraform manages, by its states: what its next apply puts back, and what its configuration must say in the end. Pure.
import type { KubeRule, ProviderSpec } from '../../activities/provider.ts'
import { spellTarget } from '../../activities/dns/names.ts'
import type { Json } from '../../workflows/json.ts'
import { isObject } from '../../workflows/json.ts'
import type { Plan } from '../../workflows/plan.ts'
import type { Declaration } from '../../workflows/ports/target.ts'
import { outline } from '../../workflows/steps/kind-of.ts'
import type { TargetLook } from '../../workflows/survey.ts'
import type { HelmRelease, KubernetesObject, Managed, RecordSet } from './managed.ts'
import type { Place } from './resource.ts'
import type { State } from './state.ts'

/** `note` for people, as a backend's own caution of the target. */
export type Claim = { connection: string; target: string; note: string }

type Evidence = { states: readonly State[]; looks: readonly TargetLook[]; specs: readonly ProviderSpec[] }

export function claimsOf(plan: Plan, { states, looks, specs }: Evidence): Claim[] {
  if (states.length === 0) return []
  const ends = endValues(plan, looks)
  return plan.targets.flatMap(({ connection: name, target }) => {
    const connection = plan.connections[name]
    const spec = specs.find(({ id }) => id === connection?.provider)
    if (connection === undefined || spec === undefined) return []
    const observed = looks.find((look) => look.connection === name && look.target === target)?.observed
    const of: Target = {
      record: spec.port === 'dns' ? spellTarget(target) : null,
      rules: (spec.rules?.(connection.config, { changed: [target], looked: [] }) ?? []).filter(isWriting),
      declares: observed?.declares ?? [],
      releases: observed?.releases ?? [],
      end: ends.get(keyOf(name, target)) ?? null,
    }
    return states
      .filter(({ connections }) => connections === null || connections.includes(name))
      .flatMap((state) =>
        state.managed.flatMap((managed) => {
          const words = claimed(managed, of)
          return words === null ? [] : [{ connection: name, target, note: noteOf(managed, { state, words }) }]
        }),
      )
  })
}

type Target = {
  record: { name: string; type: string } | null
  rules: KubeRule[]
  declares: readonly Declaration[]
  releases: readonly string[]
  /** What it holds when the run has ended, where that is known. */
  end: Json | null
}

/** `what` it is to Terraform; `back`: what comes back; `say`: what to write instead, null = nobody knows beforehand. */
type Words = { what: string; back: string; say: string | null }

function claimed(managed: Managed, of: Target): Words | null {
  switch (managed.is) {
    case 'object':
      return objectWords(managed, of)
    case 'record':
      return recordWords(managed, of)
    case 'release':
      return releaseWords(managed, of)
    default:
      return managed satisfies never
  }
}

function noteOf({ address, fate }: Managed, { state, words }: { state: State; words: Words }): string {
  const { file, serial, lineage } = state
  const place = [
    `${address} in ${file}`,
    serial === null ? 'serial not in it' : `serial ${serial}`,
    ...(lineage === null ? [] : [`lineage ${lineage}`]),
  ].join(', ')
  const next = fate === 'destroyed' ? FATES.destroyed : fate === 'replaced' ? FATES.replaced : words.back
  const say = words.say ?? 'what the run has set'
  return `Terraform manages ${words.what} (${place}): the next \`terraform apply\` ${next}; let nobody apply during the run, and in the end make its configuration say ${say}`
}

const FATES = {
  destroyed: 'destroys it, for it is left over from a replacement (deposed)',
  replaced: 'replaces it as a whole, for it is tainted',
}

function objectWords(managed: KubernetesObject, { rules, declares }: Target): Words | null {
  const { group, kind, namespace, name, field } = managed
  const word = `${kind} ${namespace}/${name}`
  const declared = declares.filter(({ object }) => object.toLowerCase() === word.toLowerCase())
  const isNamed = rules.some(
    (rule) =>
      rule.group === group &&
      rule.resource.split('/')[0] === pluralOf(kind) &&
      rule.namespace === namespace &&
      rule.names?.includes(name) === true,
  )
  if (!isNamed && declared.length === 0) return null
  return { what: word, back: 'puts back what its configuration says', say: saidIn(declared, field) }
}

/** `manifest.spec.rules[0].backendRefs[1].weight = 100 (0 in the state)`. */
function saidIn(declared: readonly Declaration[], field: KubernetesObject['field']): string | null {
  const said = declared.flatMap(({ patch }) =>
    patch.flatMap(({ op, path, value }) => {
      if (op === 'test') return []
      const { words, value: now } = field(placeIn(path))
      if (op === 'remove') return [`nothing at ${words}`]
      return [`${words} = ${JSON.stringify(value ?? null)}${now === null ? '' : ` (${now} in the state)`}`]
    }),
  )
  return said.length === 0 ? null : said.join(', ')
}

/** Where an alias takes the place of addresses, both are what leads users on there. */
function recordWords(
  { name, type, attribute, ttl, values }: RecordSet,
  { record, end }: Target,
): Words | null {
  const isMeant =
    record !== null &&
    record.name === name &&
    (record.type === type || (record.type === 'CNAME' && ['A', 'AAAA'].includes(type)))
  if (!isMeant) return null
  const held = [
    ...(values === null ? ['its values (not shown: sensitive)'] : [values.join(', ')]),
    ...(ttl === null ? [] : [`TTL ${ttl}s`]),
  ].join(', ')
  const wanted = end !== null && isObject(end) && Array.isArray(end['values']) ? end['values'] : null
  const say =
    wanted === null
      ? null
      : `${attribute} = ${JSON.stringify(attribute === 'cname' ? (wanted[0] ?? null) : wanted)}`
  return { what: `${name} ${type}`, back: `puts back ${held}`, say: record.type === type ? say : null }
}

function releaseWords({ namespace, name }: HelmRelease, { releases, declares }: Target): Words | null {
  if (!releases.includes(`${namespace}/${name}`)) return null
  const said = declares.map(
    ({ object, patch }) => `${object} ${JSON.stringify(patch.filter(({ op }) => op !== 'test'))}`,
  )
  return {
    what: `its Helm release ${namespace}/${name}`,
    back: 'that upgrades the release puts back what its chart says',
    say: said.length === 0 ? null : `(chart or values) ${said.join(', ')}`,
  }
}

/** What each target holds in the end, the steps taken one after the other. */
function endValues(plan: Plan, looks: readonly TargetLook[]): Map<string, Json> {
  const values = new Map<string, Json>()
  for (const { connection, target, observed } of looks)
    if (observed !== null) values.set(keyOf(connection, target), observed.value)
  for (const step of plan.steps) {
    const { changes } = outline(step, (connection, target) => values.get(keyOf(connection, target)))
    for (const { connection, target, desired } of changes)
      if (desired !== null) values.set(keyOf(connection, target), desired)
  }
  return values
}

function keyOf(connection: string, target: string): string {
  return `${connection} ${target}`
}

function isWriting({ verbs }: KubeRule): boolean {
  return verbs.some((verb) => ['patch', 'update', 'create', 'delete'].includes(verb))
}

/** `httproutes`, `canaries`. */
function pluralOf(kind: string): string {
  const lower = kind.toLowerCase()
  if (/[^aeiou]y$/.test(lower)) return `${lower.slice(0, -1)}ies`
  return /(?:s|x|z|ch|sh)$/.test(lower) ? `${lower}es` : `${lower}s`
}

/** A JSON Pointer (RFC 6901). */
function placeIn(pointer: string): Place {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => (/^\d{1,6}$/.test(step) ? Number(step) : step.replaceAll('~1', '/').replaceAll('~0', '~')))
}
