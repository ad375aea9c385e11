// The resources in a state, whichever of its two forms it has, and which of their attributes are sensitive. Pure. Attributes hold secrets:
// what is not compared is never kept, and none of it enters a message.
import { type Json, type JsonObject, isObject } from '../../workflows/json.ts'

export type Place = readonly (string | number)[]

/** `replaced`: tainted; `destroyed`: left behind by a replacement (deposed). By the next apply. */
export type Fate = 'kept' | 'replaced' | 'destroyed'

export type Resource = {
  address: string
  type: string
  fate: Fate
  attributes: JsonObject
  isSensitive(place: Place): boolean
}

/** The state is not as its format says; `at` is a path in it: `resources[3].instances[0]`. */
export class Malformed extends Error {
  readonly at: string
  constructor(at: string, what: string) {
    super(what)
    this.at = at
  }
}

/** Of a state file of version 4, the resources of the types that are asked for. */
export function resourcesInFile(state: JsonObject, isKnown: (type: string) => boolean): Resource[] {
  return listAt(state['resources'], 'resources').flatMap((resource, index) => {
    const at = `resources[${index}]`
    const { mode, type, name } = objectAt(resource, at)
    const module = objectAt(resource, at)['module']
    const kind = textAt(type, `${at}.type`)
    if (mode !== 'managed' || !isKnown(kind)) return []
    const whole = [...(typeof module === 'string' ? [module] : []), kind, textAt(name, `${at}.name`)].join(
      '.',
    )
    return listAt(objectAt(resource, at)['instances'], `${at}.instances`).map((instance, number) => {
      const place = `${at}.instances[${number}]`
      const { index_key: key, attributes, deposed, status, ...rest } = objectAt(instance, place)
      if (rest['attributes_flat'] !== undefined && attributes === undefined)
        throw new Malformed(place, 'it was last written by Terraform 0.11: refresh the state first')
      return {
        address: `${whole}${keyWords(key)}`,
        type: kind,
        fate: fateOf(deposed, status === 'tainted'),
        attributes: objectAt(attributes, `${place}.attributes`),
        isSensitive: sensitiveByPaths(rest['sensitive_attributes']),
      }
    })
  })
}

/** Of what `terraform show -json` prints of a state. */
export function resourcesShown(values: Json | undefined, isKnown: (type: string) => boolean): Resource[] {
  return moduleResources(objectAt(values, 'values')['root_module'], { at: 'values.root_module', isKnown })
}

function moduleResources(
  module: Json | undefined,
  { at, isKnown }: { at: string; isKnown: (type: string) => boolean },
): Resource[] {
  const { resources = [], child_modules: children = [] } = objectAt(module, at)
  return [
    ...listAt(resources, `${at}.resources`).flatMap((resource, index): Resource[] => {
      const place = `${at}.resources[${index}]`
      const { address, mode, type, values, tainted, ...rest } = objectAt(resource, place)
      const kind = textAt(type, `${place}.type`)
      if (mode !== 'managed' || !isKnown(kind)) return []
      return [
        {
          address: textAt(address, `${place}.address`),
          type: kind,
          fate: fateOf(rest['deposed_key'], tainted === true),
          attributes: objectAt(values, `${place}.values`),
          isSensitive: sensitiveByTree(rest['sensitive_values'] ?? {}),
        },
      ]
    }),
    ...listAt(children, `${at}.child_modules`).flatMap((child, index) =>
      moduleResources(child, { at: `${at}.child_modules[${index}]`, isKnown }),
    ),
  ]
}

function fateOf(deposed: Json | undefined, isTainted: boolean): Fate {
  if (typeof deposed === 'string' && deposed !== '') return 'destroyed'
  return isTainted ? 'replaced' : 'kept'
}

/** As Terraform writes them: `[0]`, `["eu"]`. */
function keyWords(key: Json | undefined): string {
  return typeof key === 'string' || typeof key === 'number' ? `[${JSON.stringify(key)}]` : ''
}

/** `[[{ type: get_attr, value: manifest }, ...], ...]`; what cannot be read of it makes all of it sensitive. */
function sensitiveByPaths(paths: Json | undefined): Resource['isSensitive'] {
  const known = (Array.isArray(paths) ? paths : []).map((path) =>
    (Array.isArray(path) ? path : []).map((step) => {
      const value = isObject(step ?? null) ? (step as JsonObject)['value'] : undefined
      return isObject(value ?? null) ? (value as JsonObject)['value'] : value // an index carries its type
    }),
  )
  return (place) =>
    known.some((path) => path.every((step, depth) => step === undefined || step === place[depth]))
}

/** The same shape as the values, `true` where they are sensitive. */
function sensitiveByTree(tree: Json): Resource['isSensitive'] {
  return (place) => {
    let at: Json | undefined = tree
    for (const step of place) {
      if (at === true) return true
      at = childOf(at, step)
    }
    return at === true
  }
}

export function childOf(value: Json | undefined, step: string | number): Json | undefined {
  if (Array.isArray(value)) return typeof step === 'number' ? value[step] : undefined
  return isObject(value ?? null) && Object.hasOwn(value as JsonObject, step)
    ? (value as JsonObject)[step]
    : undefined
}

function objectAt(value: Json | undefined, at: string): JsonObject {
  if (value !== undefined && isObject(value)) return value
  throw new Malformed(at, 'no mapping stands there')
}

function listAt(value: Json | undefined, at: string): Json[] {
  if (Array.isArray(value)) return value
  throw new Malformed(at, 'no list stands there')
}

function textAt(value: Json | undefined, at: string): string {
  if (typeof value === 'string' && value !== '') return value
  throw new Malformed(at, 'no text stands there')
}
