// What a person should know of a Rollout before users are moved by it.
import { ownersOf } from '../../kubernetes/owners.ts'
import { type Rollout, canaryOf, isRead } from './rollout.ts'
import { routersOf } from './router.ts'
import type { ArgoRolloutsConfig } from './schema.ts'
import { stepsOf, stopsOf } from './steps.ts'
import { asksForNew, newWords } from './versions.ts'

export function cautionsOf(
  { rollout, isOver }: { rollout: Rollout; isOver: boolean },
  config: ArgoRolloutsConfig,
): string[] {
  const { spec, status = {}, metadata } = rollout
  const canary = canaryOf(rollout)
  const { virtual_service: name, after_abort: after } = config
  const routers = routersOf(rollout).filter((each) => each.name.split('.')[0] !== name)
  const { generation = 0, deletionTimestamp } = metadata
  const isAsked = asksForNew(rollout, config)
  const isGitOps = ownersOf(rollout, 'its template')
  const stays = stopsOf(rollout)[0]?.share ?? 0
  return [
    ...(deletionTimestamp === undefined ? [] : [`it is being deleted since ${deletionTimestamp}`]),
    ...(isRead(rollout)
      ? []
      : [`its controller has read generation ${status.observedGeneration} of ${generation}`]),
    ...(isAsked === false && !isOver
      ? [`its template is not the new version (${newWords(config)}): apply it before the run`]
      : []),
    ...(stays > 0
      ? [`a new template moves ${stays} % of users before any run: write \`pause: {}\` as the first step`]
      : []),
    ...(spec.paused === true ? ['somebody has paused it (spec.paused): it goes nowhere but back'] : []),
    ...(status.phase === 'Degraded'
      ? [`its controller calls it Degraded: ${status.message ?? 'no reason given'}`]
      : []),
    ...routers.map(
      (each) =>
        `it drives VirtualService ${each.name} as well, which the connection does not name: it is not looked at`,
    ),
    ...(name === undefined
      ? ['no traffic router is looked at: that it follows is seen in counted requests alone']
      : []),
    ...(canary.dynamicStableScale === true
      ? [
          'dynamicStableScale: pods of the old version are taken away on the way, and must start again on the way back',
        ]
      : []),
    ...(canary.analysis === undefined ? [] : ['a background analysis may abort it by itself']),
    ...(stepsOf(rollout).some((step) => step['setCanaryScale'] !== undefined)
      ? []
      : [
          'without `setCanaryScale`, pods for each share are started when it is asked for: it shows when they are ready',
        ]),
    ...(after === 'revert' && spec.workloadRef === undefined ? isGitOps : []),
  ]
}
