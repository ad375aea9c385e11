// Credentials that a program hands out (`exec` of a kubeconfig: aws, gke-gcloud-auth-plugin, kubelogin). Runs only what the
// owner of the worker has placed in the command folder, under the name that the kubeconfig says; a path there is not followed.
// https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
import { basename } from 'node:path'
import { z } from 'zod'
import { execute } from '../execute/execute.ts'
import { findExecutable } from '../execute/executable.ts'
import { failure, kindOf } from '../failure.ts'
import { excerpt, isTold } from '../http.ts'
import type { Deps } from '../provider.ts'
import { redactLookalikes } from '../secrets.ts'
import type { Access, ExecPlugin } from './kubeconfig.ts'

const EARLY_MS = 30_000 // a credential is renewed this long before its end: calls and clocks take time

const ExecCredential = z.object({
  kind: z.literal('ExecCredential'),
  status: z.object({
    token: z.string().min(1).optional(),
    clientCertificateData: z.string().min(1).optional(),
    clientKeyData: z.string().min(1).optional(),
    expirationTimestamp: z.iso.datetime({ offset: true }).optional(),
  }),
})

export interface Credential {
  token?: string
  cert?: string
  key?: string
}

export interface ExecCredentials {
  /** What the program said last, while it holds; else it is asked again. Raises Config, Denied, Unavailable. */
  current(plugin: ExecPlugin, access: Access, signal: AbortSignal): Promise<Credential>
  /** The API server does not take it any more. */
  forget(): void
}

export function execCredentials(deps: Pick<Deps, 'commandFolder' | 'now'>): ExecCredentials {
  let kept: { key: string; credential: Credential; untilMs: number } | null = null
  return {
    async current(plugin, access, signal) {
      const key = JSON.stringify([plugin, access.server])
      if (kept?.key === key && deps.now() < kept.untilMs) return kept.credential
      const said = await ask(plugin, { access, commandFolder: deps.commandFolder, signal })
      const { token, clientCertificateData: cert, clientKeyData, expirationTimestamp: until } = said
      const credential: Credential = {
        ...(token === undefined ? {} : { token }),
        ...(cert === undefined ? {} : { cert }),
        ...(clientKeyData === undefined ? {} : { key: clientKeyData }),
      }
      kept = { key, credential, untilMs: until === undefined ? Infinity : Date.parse(until) - EARLY_MS }
      return credential
    },
    forget: () => void (kept = null),
  }
}

async function ask(
  plugin: ExecPlugin,
  { access, commandFolder, signal }: { access: Access; commandFolder: string | null; signal: AbortSignal },
): Promise<z.infer<typeof ExecCredential>['status']> {
  const name = basename(plugin.command)
  const doing = `asking ${name} for a credential`
  const path = await findExecutable(name, commandFolder)
  const ended = await execute({
    path,
    args: plugin.args ?? [],
    folder: commandFolder ?? '/', // null was refused above
    input: {},
    env: {
      ...Object.fromEntries((plugin.env ?? []).map((each) => [each.name, each.value])),
      KUBERNETES_EXEC_INFO: JSON.stringify(execInfo(plugin, access)),
    },
    signal,
  }).catch((error: unknown) => {
    if (isTold(signal)) throw signal.reason
    if (kindOf(error) !== null) throw error
    throw failure('Config', `${doing}: it could not be started: ${(error as Error).message}`)
  })
  if (isTold(signal)) throw signal.reason
  if (signal.aborted) throw failure('Unavailable', `${doing}: no answer before the deadline of the call`)
  if (ended.code !== 0) {
    const words = excerpt(redactLookalikes(ended.stderr.trimEnd().slice(-280)))
    const how = ended.code === null ? `ended by ${ended.endedBy}` : `exit ${ended.code}`
    throw failure('Unavailable', `${doing}: ${how}; ${words || 'it said nothing on stderr'}`)
  }
  const credential = credentialIn(ended.stdout)
  // What it printed stays unsaid: it may be a credential in another form.
  if (credential === null) throw failure('Config', `${doing}: it printed no ExecCredential with a status`)
  if (credential.status.token === undefined && credential.status.clientCertificateData === undefined)
    throw failure('Config', `${doing}: its ExecCredential has neither a token nor a certificate`)
  return credential.status
}

function execInfo({ apiVersion, provideClusterInfo }: ExecPlugin, { server, ca }: Access): object {
  const data = ca !== undefined && 'text' in ca ? Buffer.from(ca.text).toString('base64') : undefined
  const cluster = { server, ...(data === undefined ? {} : { 'certificate-authority-data': data }) }
  return {
    kind: 'ExecCredential',
    apiVersion,
    spec: { interactive: false, ...(provideClusterInfo === true ? { cluster } : {}) },
  }
}

function credentialIn(stdout: string): z.infer<typeof ExecCredential> | null {
  try {
    return ExecCredential.safeParse(JSON.parse(stdout)).data ?? null
  } catch {
    return null // not JSON: the caller says so
  }
}
