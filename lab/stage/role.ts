// The role that `cutover rbac` prints for a runbook, put on a real API server: a run that works under it proves that it is enough.
import { parseAllDocuments } from 'yaml'
import type { KubeObject, Kubernetes } from '../servers/kubernetes.ts'
import type { Cli } from './cli.ts'

/** Lets `user` do what is printed, and nothing else in the whole cluster. */
export async function allowAsPrinted(
  kubernetes: Kubernetes,
  { cli, file, user }: { cli: Cli; file: string; user: string },
): Promise<void> {
  const { code, stdout, stderr } = await cli.run(['rbac', file, '--user', user])
  if (code !== 0) throw new Error(`cutover rbac ${file}: exit ${code}\n${stdout}${stderr}`)
  for (const document of parseAllDocuments(stdout)) {
    const object = document.toJS() as KubeObject
    const plural = object.kind === 'Role' ? 'roles' : 'rolebindings'
    const { namespace } = object.metadata
    await kubernetes.create(`/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/${plural}`, object)
  }
}
