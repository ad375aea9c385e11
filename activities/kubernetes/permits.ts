// Whether the account of the worker may do what the rules of a provider say, asked of the API server without doing it. The same
// rules are what `cutover rbac` prints, so that both speak of the same permissions.
import type { Io } from '../../workflows/ports/target.ts'
import { failure } from '../failure.ts'
import type { KubeRule } from '../provider.ts'
import type { Kube } from './client.ts'

const REVIEWS = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'

type Review = { status?: { allowed?: boolean; reason?: string; evaluationError?: string } }
type Question = { rule: KubeRule; verb: string; name: string | undefined }

/** What is allowed, in words. Raises Denied that lists every permission that is missing, and what the client raises. */
export async function permitted(kube: Kube, rules: KubeRule[], io: Io): Promise<string> {
  const asked: Question[] = rules.flatMap((rule) =>
    rule.verbs.flatMap((verb) => (rule.names ?? [undefined]).map((name) => ({ rule, verb, name }))),
  )
  const answers = await Promise.all(
    asked.map(async (each) => ({
      each,
      review: await kube.create<Review>({ path: REVIEWS, body: reviewOf(each), doing: doing(kube) }, io),
    })),
  )
  const missing = answers.filter(({ review }) => review.status?.allowed !== true)
  if (missing.length === 0)
    return `the API server lets the worker ${rules.map((rule) => `${rule.verbs.join(' and ')} ${wordsOf(rule)}`).join('; ')}`
  const words = missing.map(({ each: { rule, verb, name }, review: { status } }) => {
    const why = status?.evaluationError ?? status?.reason ?? ''
    return `${verb} ${wordsOf({ ...rule, ...(name === undefined ? {} : { names: [name] }) })}${why === '' ? '' : ` (${why})`}`
  })
  throw failure(
    'Denied',
    `${doing(kube)}: the worker may not ${words.join('; ')}. \`cutover rbac FILE\` prints the role that a runbook needs`,
    { details: { missing: words } },
  )
}

function doing({ cluster }: Kube): string {
  return `asking for permissions in cluster ${cluster}`
}

function reviewOf({ rule, verb, name }: Question) {
  const [resource = '', subresource] = rule.resource.split('/')
  return {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: {
      resourceAttributes: {
        namespace: rule.namespace,
        verb,
        group: rule.group,
        resource,
        ...(subresource === undefined ? {} : { subresource }),
        ...(name === undefined ? {} : { name }),
      },
    },
  }
}

function wordsOf({ resource, names, namespace }: KubeRule): string {
  return `${resource}${names === undefined ? '' : ` ${names.join(', ')}`} in ${namespace}`
}
