// Whether a Canary is one that a run can lead: its gates ask the worker, its weights can be reached. What is wrong is said in the
// plan, with what would be right. Pure.
import { formatDuration, milliseconds } from '../../../workflows/quantities.ts'
import { type Canary, analysisOf, intervalMs, isUnderWay, isWaiting, weightsAfter } from './canary.ts'
import { GATES, pathOf } from './gates.ts'
import type { Look } from './look.ts'
import { type FlaggerConfig, SHOWS_WITHIN, namesOf } from './schema.ts'

/** Why Flagger would not do what it is told, whatever weight is asked for; empty: it would. */
export function unfit(canary: Canary, config: FlaggerConfig): string[] {
  return [...otherThanNamed(canary, config), ...otherStrategy(canary), ...gatesAmiss(canary, config)]
}

function otherThanNamed({ spec }: Canary, config: FlaggerConfig): string[] {
  const { workload, route } = namesOf(config)
  const { kind = 'Deployment', name } = spec.targetRef
  const service = spec.service?.name ?? name
  const mesh = spec.provider ?? ''
  const fits = { istio: ['istio'], 'gateway-api': ['gatewayapi:v1'] }[config.mesh]
  return [
    ...(kind === 'Deployment' ? [] : [`its target is a ${kind}: only a Deployment can be led`]),
    ...(name === workload ? [] : [`its target is ${name}, not ${workload}: name it in workload`]),
    ...(service === route ? [] : [`its service is ${service}, not ${route}: name it in service`]),
    // Left out it is what Flagger was started with, which shows nowhere.
    ...(mesh === '' || fits.includes(mesh)
      ? []
      : [`its provider is ${mesh}, which is not ${config.mesh} (${fits.join(', ')}): set mesh accordingly`]),
  ]
}

function otherStrategy(canary: Canary): string[] {
  const { skipAnalysis, suspend } = canary.spec
  const analysis = analysisOf(canary)
  const { iterations = 0, match = [], mirror, sessionAffinity } = analysis
  return [
    ...(skipAnalysis === true ? ['skipAnalysis: true promotes without asking: take it out'] : []),
    ...(suspend === true ? ['suspend: true: Flagger does nothing with it'] : []),
    ...(iterations > 0 || match.length > 0
      ? ['iterations or match: it moves all users at once (A/B, blue/green), not by weights']
      : []),
    ...(mirror === true ? ['mirror: true: after mirroring it takes the first weight without asking'] : []),
    ...(sessionAffinity === undefined
      ? []
      : ['sessionAffinity: who has been on the canary stays there whatever the weights']),
    ...(weightsAfter(analysis, 0).length === 0 ? ['it has no stepWeight and no stepWeights'] : []),
  ]
}

function gatesAmiss(canary: Canary, { namespace, canary: name, gates }: FlaggerConfig): string[] {
  const { webhooks = [] } = analysisOf(canary)
  return GATES.flatMap((gate) => {
    const url = `${gates.replace(/\/$/, '')}${pathOf({ namespace, canary: name, gate })}`
    const there = webhooks.filter(({ type }) => type === gate)
    const [first] = there
    if (first === undefined) return [`it has no webhook of type ${gate}: add one with url ${url}`]
    const own = there.filter((each) => each.url === url)
    // For all but rollback every one has to say yes: another one of somebody else's may hold, and that is fine.
    if (own.length === 0) return [`its webhook ${first.name} (${gate}) asks ${first.url}, not ${url}`]
    const foreign = there.find((each) => each.url !== url)
    return gate === 'rollback' && foreign !== undefined
      ? [`its webhook ${foreign.name} (rollback) asks ${foreign.url}: somebody else could roll back`]
      : []
  })
}

/** Why this weight cannot be had from where it is now; null: it can. */
export function unreachable(
  { canary, route: { split }, isGone }: Omit<Look, 'value' | 'elsewhere'>,
  { from, to }: { from: number; to: number },
): string | null {
  if (isGone)
    return 'Flagger has promoted this revision: the old one is gone, only a new rollout of it leads back'
  if (to === 0 || to === split.new) return null
  const phase = canary.status?.phase ?? 'none'
  if (!isWaiting(canary) && !isUnderWay(canary))
    return `Flagger has no revision to roll out (phase ${phase}): deploy the new one first, its gate holds it`
  if (phase === 'WaitingPromotion')
    return 'Flagger waits for its promotion (phase WaitingPromotion): it goes back to 0 only'
  if (to < from) return `Flagger goes up by its steps and back to 0 only, not from ${from} % to ${to} %`
  const analysis = analysisOf(canary)
  const weights = weightsAfter(analysis, from)
  if (!weights.includes(to))
    return `the analysis of the Canary has no step at ${to} %: from ${from} % it goes to ${weights.join(', ') || 'nothing'} %`
  const needsMs = (weights.indexOf(to) + 3) * intervalMs(analysis) // one to take up what was held, one for the pods, one for the clock
  if (needsMs <= milliseconds(SHOWS_WITHIN)) return null
  return `${to} % is ${weights.indexOf(to) + 1} steps of ${formatDuration(intervalMs(analysis))} away, ${SHOWS_WITHIN} is the most: ask for weights between`
}
