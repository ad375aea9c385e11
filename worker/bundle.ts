// The workflow code as one file: built from source in a checkout, read from `dist` in a build.
// A build's bundle is never used in a checkout: it could be older than the source beside it.
import { fileURLToPath } from 'node:url'
import type { WorkflowBundleOption } from '@temporalio/worker'
import { DefaultLogger, bundleWorkflowCode } from '@temporalio/worker'

export async function loadWorkflowBundle(): Promise<WorkflowBundleOption> {
  const isSource = import.meta.url.endsWith('.ts')
  if (!isSource) return { codePath: fileURLToPath(new URL('../workflow-bundle.js', import.meta.url)) }
  const workflowsPath = fileURLToPath(new URL('../workflows/index.ts', import.meta.url))
  return await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') })
}
