// What a runbook says of a Kubernetes API server and of the account that is used on it; shared by all providers that speak to
// one. Offline half: imports no client, reads no kubeconfig.
import { z } from 'zod'
import { BaseUrl, CallTimeout, SecretReference } from '../config.ts'
import { type PrivateHttp, privateHttp } from '../private-config.ts'

/** A label of RFC 1123: names of namespaces and of most objects. */
export const KubeName = z
  .string()
  .max(253)
  .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, 'not a name of Kubernetes: small letters, digits, - and .')

export const kubernetesAccess = {
  kubeconfig: SecretReference.exactOptional()
    .describe(
      'The kubeconfig, as a file or variable of the worker. Without it and without `server`: the account of the pod that the worker runs in',
    )
    .meta({ examples: ['file:/etc/cutover/kubeconfig'] }),
  context: z
    .string()
    .min(1)
    .max(256)
    .exactOptional()
    .describe('The context of the kubeconfig; left out: its current one'),
  server: BaseUrl.exactOptional()
    .describe('Address of the API server, https; instead of a kubeconfig')
    .meta({ examples: ['https://10.0.0.1:6443'] }),
  token: SecretReference.exactOptional().describe(
    'Sent as Authorization: Bearer; with `server` only. Read anew for every call',
  ),
  cluster: z
    .string()
    .min(1)
    .max(256)
    .exactOptional()
    .describe(
      'A name of yours for the cluster, the same in every runbook: locks hold only between runs that name it alike',
    ),
  namespace: KubeName.describe('The namespace'),
  timeout: CallTimeout.default('3s').describe('How long one call may take'),
  ...privateHttp,
}

export interface KubernetesAccess extends PrivateHttp {
  kubeconfig?: string
  context?: string
  server?: string
  token?: string
  cluster?: string
  namespace: string
  timeout: string
}

/** For `superRefine`: a kubeconfig says everything, or these fields do, or the pod does. */
export function demandOneAccess(config: KubernetesAccess, context: z.core.$RefinementCtx): void {
  const refuse = (field: string, message: string): void =>
    context.addIssue({ code: 'custom', path: [field], message })
  const { kubeconfig, server } = config
  if (kubeconfig !== undefined) {
    for (const field of ['server', 'token', 'tls', 'proxy', 'proxy_auth'] as const)
      if (config[field] !== undefined) refuse(field, 'the kubeconfig says this: leave it out')
    return
  }
  if (config.context !== undefined) refuse('context', 'there is no kubeconfig: name it, or leave this out')
  if (server === undefined) {
    for (const field of ['token', 'tls', 'proxy', 'proxy_auth'] as const)
      if (config[field] !== undefined) refuse(field, 'there is no server: name it, or leave this out')
    return
  }
  if (!server.startsWith('https:')) refuse('server', 'a token must not travel unencrypted: write https://')
  if (config.proxy_auth !== undefined && config.proxy === undefined)
    refuse('proxy_auth', 'there is no proxy: name it in proxy, or leave this out')
}

/** The cluster in words: what locks, messages and roles call it. */
export function clusterOf({ cluster, kubeconfig, context, server }: KubernetesAccess): string {
  if (cluster !== undefined) return cluster
  if (server !== undefined) return server.toLowerCase().replace(/\/$/, '')
  if (kubeconfig === undefined) return 'of the worker'
  return `${context ?? 'current context'} of ${kubeconfig}`
}
