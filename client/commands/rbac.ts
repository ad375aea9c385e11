// `cutover rbac`: the least that the worker's account must be allowed in Kubernetes for one runbook, as YAML to be applied. Needs
// no server and no cluster; whether it is allowed already is what `cutover plan` asks.
import { stringify } from 'yaml'
import { type Account, type RoleSet, rolesFor } from '../../activities/kubernetes/roles.ts'
import type { Json } from '../../workflows/json.ts'
import type { Command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { usageProblem } from '../problem.ts'

const ACCOUNT_DEFAULT = 'cutover/cutover'

export const rbac: Command = {
  name: 'rbac',
  usage: 'rbac FILE [--account NAMESPACE/NAME | --user NAME]',
  about: 'Print the Kubernetes role that a runbook needs, and no more',
  details:
    'A Role and a RoleBinding for each namespace, for the way there and back: one verb on one object where the runbook\n' +
    'names it; to be applied with kubectl. `cutover plan` asks the API server whether the worker may do all of it.',
  examples: ['cutover rbac orders.yaml', 'cutover rbac orders.yaml --account platform/cutover-worker'],
  flags: [
    {
      name: 'account',
      value: 'NAMESPACE/NAME',
      about: `The service account of the worker; default ${ACCOUNT_DEFAULT}`,
    },
    { name: 'user', value: 'NAME', about: 'A user instead of a service account' },
  ],
  async run({ args, env, flags, out }) {
    const [file, ...rest] = args
    if (file === undefined || rest.length > 0)
      throw usageProblem('rbac takes one FILE', ['cutover rbac FILE'])
    const account = accountOf(flags['account'], flags['user'])
    const { loadRunbook } = await import('../runbook/load.ts')
    const { knownSpecs } = await import('../specs.ts')
    const specs = await knownSpecs(env)
    const loaded = await loadRunbook(file, specs)
    if (loaded.plan === undefined) {
      const { problemLines } = await import('../runbook/report-problems.ts')
      for (const problem of loaded.problems) out.error(problemLines(problem, loaded, out.width).join('\n'))
      return EXIT.usage
    }
    const { kubeRulesOf } = await import('../runbook/kube-rules.ts')
    const roles = rolesFor(kubeRulesOf(loaded.plan, specs), {
      name: `cutover-${loaded.plan.service}`,
      account,
    })
    if (out.json) out.document(roles as unknown as Json)
    else if (roles.length === 0)
      out.line('# nothing in Kubernetes: no connection of this runbook needs a permission there')
    else out.write(textOf(roles, loaded.plan.service))
    return EXIT.done
  },
}

function accountOf(account: unknown, user: unknown): Account {
  if (typeof user === 'string') {
    if (typeof account !== 'string') return { kind: 'User', name: user }
    throw usageProblem('--account and --user exclude each other', ['cutover rbac FILE --user NAME'])
  }
  const [namespace, name, ...rest] = (typeof account === 'string' ? account : ACCOUNT_DEFAULT).split('/')
  if (namespace && name && rest.length === 0) return { kind: 'ServiceAccount', name, namespace }
  throw usageProblem(`--account ${String(account)} is no NAMESPACE/NAME`, [
    `cutover rbac FILE --account ${ACCOUNT_DEFAULT}`,
  ])
}

function textOf(roles: RoleSet[], service: string): string {
  return roles
    .map(({ cluster, namespace, objects }) => {
      const heading = `# ${service} in cluster ${cluster}, namespace ${namespace}: the way there and back\n`
      return `${heading}${objects.map((object) => stringify(object)).join('---\n')}`
    })
    .join('---\n')
}
