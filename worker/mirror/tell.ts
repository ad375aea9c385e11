// What the mirror says in the log: each trouble once, and its end. What befalls many runs at once is one line.
import type { Logger } from '@temporalio/worker'
import { kindOf } from '../../activities/failure.ts'

const NAMED_MAX = 3 // of many alike

export interface Tell {
  /** Trouble with all of them; null = there is none. */
  all(why: string | null): void
  /** The same with one run; said with those of the same look. */
  one(service: string, why: string | null): void
  /** What is lost beside the objects; the same words once. */
  aside(what: string, why: string): void
  /** The look is over. */
  say(): void
}

type Trouble = { service: string; why: string }

export function teller({ log, missed }: { log: Pick<Logger, 'info' | 'warn'>; missed(): void }): Tell {
  const told = new Map<string, string>()
  const now: { troubles: Trouble[]; ended: string[] } = { troubles: [], ended: [] }
  const asides = new Map<string, string>()
  let trouble: string | null = null
  return {
    all(why) {
      if (why !== null) missed()
      if (why === null && trouble !== null) log.info('runs are shown in Kubernetes again')
      if (why !== null && why !== trouble)
        log.warn(`runs are not shown in Kubernetes: ${why}; trying again, no run waits for it`)
      trouble = why
    },
    one(service, why) {
      if (why === null) {
        if (told.delete(service)) now.ended.push(service)
        return
      }
      missed()
      if (told.get(service) !== why) now.troubles.push({ service, why })
      told.set(service, why)
    },
    aside(what, why) {
      if (asides.get(what) !== why) log.warn(`${what}: ${why}`)
      asides.set(what, why)
    },
    say() {
      for (const alike of Map.groupBy(now.troubles, general).values()) {
        const [first] = alike
        if (first === undefined) continue
        const whose = named(alike.map(({ service }) => service))
        log.warn(`${whose} not shown in Kubernetes: ${first.why}; trying again, no run waits for it`)
      }
      if (now.ended.length > 0) log.info(`${named(now.ended)} shown in Kubernetes again`)
      now.troubles = []
      now.ended = []
    },
  }
}

/** The same words, whichever run they are about. */
function general({ service, why }: Trouble): string {
  return why.replaceAll(service, '…')
}

function named(services: string[]): string {
  const [only] = services
  if (services.length === 1) return `the run of ${only} is`
  const more = services.length - NAMED_MAX
  return `the runs of ${services.slice(0, NAMED_MAX).join(', ')}${more > 0 ? ` and ${more} more` : ''} are`
}

export function wordsOf(error: unknown): string {
  const words = error instanceof Error ? error.message : String(error)
  const kind = kindOf(error)
  return kind === null ? words : `${kind}: ${words}`
}
