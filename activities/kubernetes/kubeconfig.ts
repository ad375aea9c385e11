// A kubeconfig, as far as a provider needs it: where the API server is and what the user of a context shows there. Pure, and
// strict: a field that would make a call unsafe or that is not understood is refused, never left out.
// https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
import { dirname, isAbsolute, join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { failure } from '../failure.ts'

const Text = z.string().min(1)
const Exec = z.object({
  apiVersion: Text,
  command: Text,
  args: z.array(z.string()).nullish(),
  env: z.array(z.object({ name: Text, value: z.string() })).nullish(),
  provideClusterInfo: z.boolean().nullish(),
})
export type ExecPlugin = z.infer<typeof Exec>

const Cluster = z.object({
  server: Text,
  'certificate-authority': Text.optional(),
  'certificate-authority-data': Text.optional(),
  'tls-server-name': Text.optional(),
  'proxy-url': Text.optional(),
  'insecure-skip-tls-verify': z.boolean().optional(),
})
const User = z.object({
  token: Text.optional(),
  tokenFile: Text.optional(),
  'client-certificate': Text.optional(),
  'client-certificate-data': Text.optional(),
  'client-key': Text.optional(),
  'client-key-data': Text.optional(),
  as: Text.optional(),
  'as-uid': Text.optional(),
  'as-groups': z.array(Text).optional(),
  username: Text.optional(),
  password: Text.optional(),
  'auth-provider': z.unknown().optional(),
  exec: Exec.nullish(),
})
const Context = z.object({ cluster: Text, user: Text, namespace: Text.optional() })
const Kubeconfig = z.object({
  'current-context': z.string().optional(),
  clusters: z.array(z.object({ name: Text, cluster: Cluster })).nullish(),
  users: z.array(z.object({ name: Text, user: User })).nullish(),
  contexts: z.array(z.object({ name: Text, context: Context })).nullish(),
})

/** A PEM text, or the absolute path of the file that holds it. */
export type Pem = { text: string } | { path: string }

export interface Access {
  server: string
  serverName?: string
  proxy?: string
  ca?: Pem
  cert?: Pem
  key?: Pem
  token?: string
  tokenFile?: string
  exec?: ExecPlugin
  /** Impersonate-User and its kin. */
  headers: Record<string, string>
}

/** `reference` names the kubeconfig in messages and is what relative paths in it start from. Raises Config. */
export function accessIn(
  text: string,
  { reference, context }: { reference: string; context: string | undefined },
): Access {
  const refuse = (why: string): Error => failure('Config', `kubeconfig ${reference}: ${why}`)
  const config = parsed(text, refuse)
  const wanted = context ?? config['current-context'] ?? ''
  const known = (config.contexts ?? []).map(({ name }) => name)
  if (wanted === '')
    throw refuse(`it has no current context; name one in context: ${known.join(', ') || 'it has none'}`)
  const chosen = config.contexts?.find(({ name }) => name === wanted)?.context
  if (chosen === undefined) throw refuse(`it has no context ${wanted}; it has ${known.join(', ') || 'none'}`)
  const cluster = config.clusters?.find(({ name }) => name === chosen.cluster)?.cluster
  if (cluster === undefined)
    throw refuse(`context ${wanted} names the cluster ${chosen.cluster}, which it lacks`)
  const user = config.users?.find(({ name }) => name === chosen.user)?.user
  if (user === undefined) throw refuse(`context ${wanted} names the user ${chosen.user}, which it lacks`)
  demandSafe(cluster, refuse)
  demandKnown(user, chosen.user, refuse)
  const pem = (path: string | undefined, data: string | undefined): Pem | undefined =>
    data !== undefined
      ? { text: Buffer.from(data, 'base64').toString('utf8') }
      : path === undefined
        ? undefined
        : { path: absolute(path, reference, refuse) }
  return without({
    server: cluster.server.replace(/\/+$/, ''),
    serverName: cluster['tls-server-name'],
    proxy: cluster['proxy-url'],
    ca: pem(cluster['certificate-authority'], cluster['certificate-authority-data']),
    cert: pem(user['client-certificate'], user['client-certificate-data']),
    key: pem(user['client-key'], user['client-key-data']),
    // A file wins over a token that stands beside it, as with kubectl: it is the one that is kept fresh.
    token: user.tokenFile === undefined ? user.token : undefined,
    tokenFile: user.tokenFile === undefined ? undefined : absolute(user.tokenFile, reference, refuse),
    exec: user.exec ?? undefined,
    headers: impersonation(user),
  })
}

type Refuse = (why: string) => Error

function parsed(text: string, refuse: Refuse): z.infer<typeof Kubeconfig> {
  let content: unknown
  try {
    content = parse(text, { maxAliasCount: 100 })
  } catch {
    throw refuse('not YAML') // what the parser quotes may be a secret
  }
  const result = Kubeconfig.safeParse(content)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw refuse(`${issue?.path.map(String).join('.') || 'its content'}: ${issue?.message ?? 'not understood'}`)
}

function demandSafe(cluster: z.infer<typeof Cluster>, refuse: Refuse): void {
  if (cluster['insecure-skip-tls-verify'] === true)
    throw refuse('insecure-skip-tls-verify would show the credentials to anybody: name the authority instead')
  if (!cluster.server.startsWith('https://'))
    throw refuse(
      `its server ${cluster.server} is no https:// address: credentials must not travel unencrypted`,
    )
}

function demandKnown(user: z.infer<typeof User>, name: string, refuse: Refuse): void {
  if (user['auth-provider'] !== undefined)
    throw refuse(`user ${name} has an auth-provider, which Kubernetes has removed: use an exec plugin`)
  if (user.username !== undefined || user.password !== undefined)
    throw refuse(
      `user ${name} has username and password, which Kubernetes has removed: use a token or a certificate`,
    )
  if ((user['as-groups'] ?? []).length > 1)
    throw refuse(`user ${name} impersonates several groups, which is not supported: name one`)
}

function impersonation(user: z.infer<typeof User>): Record<string, string> {
  const [group] = user['as-groups'] ?? []
  return without({
    'impersonate-user': user.as,
    'impersonate-uid': user['as-uid'],
    'impersonate-group': group,
  })
}

function absolute(path: string, reference: string, refuse: Refuse): string {
  if (isAbsolute(path)) return path
  if (!reference.startsWith('file:')) throw refuse(`${path} is no absolute path`)
  return join(dirname(reference.slice('file:'.length)), path)
}

/** Leaves out what is undefined. */
function without<T extends object>(fields: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T
}
