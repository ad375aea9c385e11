// What a runbook says about a Rollout of Argo, and what plans may rely on. Holds no client code.
import { z } from 'zod'
import { SPLIT } from '../../../workflows/ports/traffic.ts'
import { KubeName, clusterOf, demandOneAccess, kubernetesAccess } from '../../kubernetes/config.ts'
import { CountQuery, countsFrom } from '../counts.ts'
import { type KubeRule, type UsedTargets, defineSpec } from '../../provider.ts'

const Version = z
  .strictObject({
    image: z
      .string()
      .min(1)
      .max(1_024)
      .exactOptional()
      .describe('Image of one of its containers, as its template has it; no other version may have it'),
    template_hash: z
      .string()
      .regex(/^[a-z0-9]{1,63}$/, 'not a hash of a pod template: small letters and digits')
      .exactOptional()
      .describe(
        'Its `rollouts-pod-template-hash`, where two versions have the same images (and with `workloadRef`)',
      ),
  })
  .refine(({ image, template_hash: hash }) => (image === undefined) !== (hash === undefined), {
    message: 'name image or template_hash, one of them',
  })

const Counts = z
  .strictObject({
    from: countsFrom,
    old: CountQuery.describe(
      'PromQL: requests that the old version was given so far, as one number that only grows',
    ),
    new: CountQuery.describe('PromQL: the same of the new version'),
  })
  .describe('How requests are counted: what proves that users have moved')

export const ArgoRolloutsConfig = z
  .strictObject({
    ...kubernetesAccess,
    rollout: KubeName.describe('Name of the Rollout; its canary has steps and a traffic router'),
    new: Version.describe('How the new version is told from every other'),
    virtual_service: KubeName.exactOptional().describe(
      'The VirtualService whose weights it sets, in the same namespace: read, never written. Left out: what its status says is all that is seen',
    ),
    after_abort: z
      .enum(['revert', 'keep'])
      .default('revert')
      .describe(
        '`revert`: the template of the old version is put back, as `kubectl argo rollouts undo` does, and the Rollout is healthy. `keep`: the template stays, the Rollout stays aborted; for a template that is declared elsewhere (GitOps, `workloadRef`)',
      ),
    counts: Counts,
  })
  .superRefine(demandOneAccess)
export type ArgoRolloutsConfig = z.infer<typeof ArgoRolloutsConfig>

export const GROUP = 'argoproj.io'
export const ROUTER_GROUP = 'networking.istio.io'

export function rulesOf(config: ArgoRolloutsConfig, { changed }: UsedTargets): KubeRule[] {
  const { namespace, rollout, virtual_service: service } = config
  const [cluster, isChanged] = [clusterOf(config), changed.length > 0]
  const own = { cluster, namespace, group: GROUP, names: [rollout] }
  return [
    { ...own, resource: 'rollouts', verbs: isChanged ? ['get', 'patch'] : ['get'] },
    ...(isChanged ? [{ ...own, resource: 'rollouts/status', verbs: ['patch'] }] : []),
    // Their names end in a hash that is not known before.
    { cluster, namespace, group: 'apps', resource: 'replicasets', verbs: ['get'] },
    ...(service === undefined
      ? []
      : [
          {
            cluster,
            namespace,
            group: ROUTER_GROUP,
            resource: 'virtualservices',
            verbs: ['get'],
            names: [service],
          },
        ]),
  ]
}

export const spec = defineSpec({
  id: 'traffic/argo-rollouts',
  port: 'traffic',
  summary: 'the steps of a Rollout of Argo: weights it has a pause for, abort back',
  config: ArgoRolloutsConfig,
  supports: {
    port: 'traffic',
    compareAndSet: true,
    landsWithin: '5s', // an API server that is up has taken a patch or lost it by then
    showsWithin: '2m', // pods of a new weight are started first, where `setCanaryScale` has not started them before
    proof: 'requests counted by the queries of `counts`',
    weightStep: 1,
    mirror: false,
    promotes:
      'as `kubectl argo rollouts promote --full`; over when the controller calls the new version stable and healthy',
    cautions: [
      'only weights that the Rollout has a `setWeight` with a `pause: {}` behind it can be asked for; 0 is an abort',
      'without a step `promote` the run ends with the Rollout at its last pause: until somebody promotes it, the way back is one abort',
      'the controller starts pods of the new version before it shifts a weight',
      'requests are counted as the queries say: other routes to the same versions blur the proof',
    ],
  },
  // Whatever a run does with it: a promotion of another run would be in the way of any.
  locks: (config) => [
    `kubernetes ${clusterOf(config)} rollout ${config.namespace}/${config.rollout} ${SPLIT}`,
  ],
  rules: rulesOf,
})
