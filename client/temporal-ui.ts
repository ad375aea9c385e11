// Where a run is in the Temporal UI, as far as that is known. Pure.
import type { RunView } from '../view/model.ts'
import type { OpenAccess } from './command.ts'
import type { Environment } from './config.ts'

const CLOUD = /\.tmprl\.cloud(:\d+)?$|\.api\.temporal\.io(:\d+)?$/
const DEV_SERVER = /^(localhost|127\.0\.0\.1):7233$/ // its UI is a thousand ports further, unless somebody chose others

/** `CUTOVER_TEMPORAL_UI` says it; Temporal Cloud and a dev server on the usual port have it at a known place. */
export function uiUrlOf(env: Environment, address: string): string | null {
  const said = env['CUTOVER_TEMPORAL_UI'] ?? ''
  if (said !== '') return said.replace(/\/+$/, '')
  if (CLOUD.test(address)) return 'https://cloud.temporal.io'
  return DEV_SERVER.test(address) ? 'http://127.0.0.1:8233' : null
}

export function uiLink(
  { uiUrl, namespace }: Pick<OpenAccess, 'uiUrl' | 'namespace'>,
  { workflowId, runId }: Pick<RunView, 'workflowId' | 'runId'>,
): string | null {
  if (uiUrl === null) return null
  const place = [namespace, 'workflows', workflowId, runId].map(encodeURIComponent)
  return `${uiUrl}/namespaces/${place.join('/')}/history`
}
