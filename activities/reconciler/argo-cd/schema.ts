// What a runbook says about an Application of Argo CD, and what plans may rely on. Holds no client code.
import { z } from 'zod'
import { KubeName, clusterOf, demandOneAccess, kubernetesAccess } from '../../kubernetes/config.ts'
import { type KubeRule, defineSpec } from '../../provider.ts'

export const ArgoCdConfig = z
  .strictObject({
    ...kubernetesAccess,
    application: KubeName.describe('Name of the Application; `namespace` is the one that it lives in'),
  })
  .superRefine(demandOneAccess)
export type ArgoCdConfig = z.infer<typeof ArgoCdConfig>

export const GROUP = 'argoproj.io'

export function rulesOf(config: ArgoCdConfig): KubeRule[] {
  const { namespace, application } = config
  const verbs = ['get', 'patch']
  return [
    {
      cluster: clusterOf(config),
      namespace,
      group: GROUP,
      resource: 'applications',
      verbs,
      names: [application],
    },
  ]
}

export const spec = defineSpec({
  id: 'reconciler/argo-cd',
  port: 'reconciler',
  summary: 'the automated sync of an Application of Argo CD',
  config: ArgoCdConfig,
  supports: {
    port: 'reconciler',
    compareAndSet: true,
    landsWithin: '1m', // an API server ends a request after this long (--request-timeout)
    showsWithin: '1s', // a look reads what was stored
    proof: 'the status of the Application, compared anew: its controller has consumed the request for it',
    cautions: [
      'a sync by hand goes through a suspension: nobody may press the button while a run lasts',
      'where an ApplicationSet or another Application declares the Application, that one may let it go on',
    ],
  },
  locks: (config) => [`argo-cd ${clusterOf(config)} application ${config.namespace}/${config.application}`],
  rules: rulesOf,
})
