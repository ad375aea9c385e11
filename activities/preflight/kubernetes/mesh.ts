// Whether requests reach the pods by a Service, and whether the mesh turns away from an instance that fails: DestinationRules of
// Istio. Pure. https://istio.io/latest/docs/reference/config/networking/destination-rule/
import { type Facts, type Judgement, caution, fine } from './facts.ts'
import { type MeshRule, type TrafficPolicy, holds } from './objects.ts'

const ERRORS = 5 // outlierDetection without a number

export function servicesOf({ services }: Facts): Judgement[] {
  const names = services.map(({ metadata }) => metadata.name)
  if (names.length > 0) return [fine('service', `its pods are reached by ${names.join(', ')}`)]
  return [
    caution('service', {
      seen: 'no Service selects its pods',
      why: 'balancers inside the cluster find instances by a Service',
      todo: 'compare its selector with the labels of the pods, unless users come another way',
    }),
  ]
}

export function breakerOf(facts: Facts): Judgement[] {
  const { services, meshRules } = facts
  if (meshRules === null)
    return [fine('circuit-breaker', 'not looked for: there is no Istio in this cluster')]
  if (services.length === 0) return [] // said already; no rule can be for them
  return services.map((service) => breakerFor(service.metadata.name, facts, meshRules))
}

function breakerFor(service: string, facts: Facts, meshRules: readonly MeshRule[]): Judgement {
  const rules = meshRules.filter(({ spec = {} }) => isFor(spec.host ?? '', service, facts.namespace))
  const policies = rules.flatMap((rule) => policiesOf(rule, facts.labels))
  const [ejects, bounds] = [policies.some(isEjecting), policies.some(({ connectionPool }) => connectionPool)]
  const names = rules.map(({ metadata }) => metadata.name).join(', ')
  if (ejects || bounds) {
    const words = [...(ejects ? ['outlierDetection'] : []), ...(bounds ? ['connectionPool'] : [])].join(', ')
    return fine('circuit-breaker', `DestinationRule ${names} of ${service} has ${words}`)
  }
  return caution('circuit-breaker', {
    seen:
      rules.length === 0
        ? `no DestinationRule here is for ${service}`
        : `DestinationRule ${names} of ${service} has neither outlierDetection nor connectionPool in force`,
    why: 'an instance that fails keeps its share of the requests, and one that is slow takes up more and more of them',
    todo: 'add a trafficPolicy with outlierDetection, unless one in another namespace has it',
  })
}

/** That of the host, and those of the subsets that the pods belong to. */
function policiesOf({ spec = {} }: MeshRule, labels: Record<string, string>): TrafficPolicy[] {
  const own = (spec.subsets ?? []).filter((subset) => holds(subset.labels ?? {}, labels))
  return [spec, ...own].flatMap(({ trafficPolicy }) => trafficPolicy ?? [])
}

function isEjecting({ outlierDetection: detection }: TrafficPolicy): boolean {
  if (detection === undefined) return false
  const { consecutive5xxErrors, consecutiveErrors, consecutiveGatewayErrors = 0 } = detection
  return Math.max(consecutive5xxErrors ?? consecutiveErrors ?? ERRORS, consecutiveGatewayErrors) > 0
}

/** Hosts are short, whole, or begin with a star. */
function isFor(host: string, service: string, namespace: string): boolean {
  const whole = `${service}.${namespace}.svc.cluster.local`
  if (host.startsWith('*')) return whole.endsWith(host.slice(1))
  return [service, `${service}.${namespace}`, `${service}.${namespace}.svc`, whole].includes(host)
}
