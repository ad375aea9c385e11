// Whether an instance that is taken away ends what it has begun: preStop and grace period, against the drain of the runbook. Pure.
import { formatDuration } from '../../../workflows/quantities.ts'
import { type Facts, type Judgement, caution, fine, refuse, servingOf } from './facts.ts'
import type { Container } from './objects.ts'

const GRACE_SECONDS = 30 // the default of Kubernetes

export function stopOf({ pod, demand }: Facts): Judgement[] {
  const grace = pod.terminationGracePeriodSeconds ?? GRACE_SECONDS
  const drain = demand.drainMs / 1_000
  return servingOf(pod).flatMap((container) => {
    const { name } = container
    const pause = pauseOf(container)
    const left = grace - (pause.seconds ?? 0)
    const missing: Judgement[] =
      left < drain
        ? [
            refuse('graceful-stop', {
              seen: `terminationGracePeriodSeconds is ${grace}${pause.seconds ? `, of which preStop of ${name} takes ${pause.seconds}` : ''}: ${formatDuration(Math.max(0, left) * 1_000)} for what is under way`,
              why: `the runbook allows ${formatDuration(demand.drainMs)}: whatever takes longer is killed`,
              todo: `set terminationGracePeriodSeconds to ${Math.ceil(drain + (pause.seconds ?? 0))} or more, or allow less in \`drain\``,
            }),
          ]
        : []
    if (pause.is !== 'none' && missing.length === 0 && pause.seconds !== null)
      return [
        fine(
          'graceful-stop',
          `${name} waits ${pause.seconds} s, then has ${left} s of ${grace} s for the rest`,
        ),
      ]
    return [...missing, ...unsaid(name, pause.is)]
  })
}

function unsaid(name: string, is: Pause['is']): Judgement[] {
  const why = 'proxies go on sending requests for a moment after an instance is told to end'
  if (is === 'none')
    return [
      caution('graceful-stop', {
        seen: `container ${name} has no preStop`,
        why,
        todo: 'let preStop sleep until all of them have let go of it (5 s to 15 s), unless it goes on listening by itself',
      }),
    ]
  if (is === 'of unknown length')
    return [
      caution('graceful-stop', {
        seen: `how long preStop of ${name} takes cannot be seen`,
        why: 'it is part of terminationGracePeriodSeconds',
        todo: 'see to it that enough is left for what is under way',
      }),
    ]
  return []
}

type Pause = { is: 'none' | 'of unknown length' | 'known'; seconds: number | null }

function pauseOf({ lifecycle }: Container): Pause {
  const preStop = lifecycle?.preStop
  if (preStop === undefined) return { is: 'none', seconds: null }
  if (preStop.sleep !== undefined) return { is: 'known', seconds: preStop.sleep.seconds ?? 0 }
  const command = (preStop.exec?.command ?? []).join(' ')
  const sleeps = /(?:^|[\s;&/])sleep\s+(\d+(?:\.\d+)?)s?(?=$|[\s;&])/.exec(command)?.[1]
  return sleeps === undefined
    ? { is: 'of unknown length', seconds: null }
    : { is: 'known', seconds: Number(sleeps) }
}
