// Whether the destinations are declared at all: a host that nobody declares, or a subset that no DestinationRule makes, is taken in
// by Istio without a word, and its share of the users is answered 503.
import type { Io } from '../../../workflows/ports/target.ts'
import { kindOf } from '../../failure.ts'
import { isTold } from '../../http.ts'
import type { Kube, KubeObject } from '../../kubernetes/client.ts'
import { type Destination, keyOf, nameOf, serviceOf } from './destination.ts'
import { GROUP, type IstioConfig, placesOf } from './schema.ts'

const VERSION = `/apis/${GROUP}/v1`

export interface Trouble {
  destination: string
  words: string
  /** Known to be so; otherwise it could not be looked up. */
  isCertain: boolean
}

/** One for each destination that is not declared as far as can be seen. */
export async function undeclared(
  { kube, config }: { kube: Kube; config: IstioConfig },
  wanted: Destination[],
  io: Io,
): Promise<Trouble[]> {
  const hasSubsets = wanted.some(({ subset }) => subset !== undefined)
  const lists: Lists = {
    entries: list<Entry>({ kube, config }, 'serviceentries', io),
    rules: hasSubsets ? list<Rule>({ kube, config }, 'destinationrules', io) : async () => [],
  }
  const found = await Promise.all(
    wanted.map(async (destination) => {
      const words = await troubleOf(destination, { kube, config, lists }, io).catch((error: unknown) => {
        if (isTold(io.signal)) throw error
        return { unknown: (error as Error).message }
      })
      if (words === null) return []
      const name = nameOf(destination)
      return typeof words === 'string'
        ? [{ destination: name, words, isCertain: true }]
        : [{ destination: name, words: `${name} could not be looked up: ${words.unknown}`, isCertain: false }]
    }),
  )
  return found.flat()
}

interface Lists {
  entries(): Promise<Entry[]>
  rules(): Promise<Rule[]>
}
type Entry = KubeObject & { spec?: { hosts?: string[] } }
type Rule = KubeObject & { spec?: { host?: string; subsets?: { name: string }[] } }

async function troubleOf(
  destination: Destination,
  of: { kube: Kube; config: IstioConfig; lists: Lists },
  io: Io,
): Promise<string | null> {
  const { host, subset } = destination
  const { namespace } = of.config
  const there = await hostTrouble(host, of, io)
  if (there !== null || subset === undefined) return there
  const rules = (await of.lists.rules()).filter(
    ({ spec, metadata }) =>
      keyOf(spec?.host ?? '', metadata.namespace ?? namespace) === keyOf(host, namespace),
  )
  const made = Map.groupBy(rules, ({ metadata }) => metadata.namespace ?? namespace)
  const without = [...made].filter(([, all]) => !all.some((rule) => makes(rule, subset)))
  if (made.size > 0 && without.length === 0) return null
  if (made.size === 0)
    return `no DestinationRule makes the subset ${subset} of ${host} (there is none for its host): its share would be answered 503. Make it first`
  const [[place, lacking]] = without as [[string, Rule[]]]
  const has =
    lacking.flatMap(({ spec }) => (spec?.subsets ?? []).map(({ name }) => name)).join(', ') || 'none'
  // A client reads those of one namespace: its own, else that of the Service, else the root one.
  return without.length === made.size
    ? `no DestinationRule makes the subset ${subset} of ${host} (it has ${has}): its share would be answered 503. Make it first`
    : `the DestinationRule of namespace ${place} for ${host} does not make the subset ${subset} (it has ${has}), though another namespace does: whoever reads that one (its own namespace first, then that of the Service) would be answered 503. Make it there too`
}

function makes({ spec }: Rule, subset: string): boolean {
  return (spec?.subsets ?? []).some(({ name }) => name === subset)
}

async function hostTrouble(
  host: string,
  { kube, config, lists }: { kube: Kube; config: IstioConfig; lists: Lists },
  io: Io,
): Promise<string | null> {
  const service = serviceOf(host, config.namespace)
  if (service !== null) {
    const path = `/api/v1/namespaces/${service.namespace}/services/${service.name}`
    const doing = `reading Service ${service.namespace}/${service.name} in cluster ${kube.cluster}`
    const isThere = await kube.get({ path, doing }, io).then(
      () => true,
      (error: unknown) => {
        if (kindOf(error) === 'Missing') return false
        throw error
      },
    )
    if (isThere) return null
    return `there is no Service ${service.namespace}/${service.name}: its share would be answered 503`
  }
  const entries = await lists.entries()
  if (entries.some(({ spec }) => (spec?.hosts ?? []).some((declared) => covers(declared, host)))) return null
  const places = placesOf(config).flatMap((each) =>
    each.resource === 'serviceentries' ? [each.namespace] : [],
  )
  return `no ServiceEntry in ${places.join(', ')} declares ${host}, and it is no Service (those are written NAME or NAME.NAMESPACE.svc.DOMAIN): its share would be answered 503`
}

function covers(declared: string, host: string): boolean {
  return declared === host || (declared.startsWith('*') && host.endsWith(declared.slice(1)))
}

/** Asked once, however many destinations need it. */
function list<O>(
  { kube, config }: { kube: Kube; config: IstioConfig },
  resource: 'serviceentries' | 'destinationrules',
  io: Io,
): () => Promise<O[]> {
  let asked: Promise<O[]> | undefined
  const ask = async (): Promise<O[]> => {
    const places = placesOf(config).filter((each) => each.resource === resource)
    const found = await Promise.all(
      places.map(({ namespace }) =>
        kube.list<O>(
          {
            path: `${VERSION}/namespaces/${namespace}/${resource}`,
            doing: `listing ${resource} in namespace ${namespace} of cluster ${kube.cluster}`,
          },
          io,
        ),
      ),
    )
    return found.flatMap((each) => each ?? [])
  }
  return () => (asked ??= ask())
}
