// What the worker lends its providers: fetch, a clock, a log and secrets; and the mask that keeps those secrets out of
// every text. The only place where these come from the real world.
import type { Logger } from '@temporalio/worker'
import type { Deps } from '../activities/provider.ts'
import type { ReadSecrets } from '../activities/secrets.ts'

export interface DepsOptions {
  secrets: ReadSecrets
  /** Already masks secrets. */
  log: Logger
  commandFolder: string | null
}

export function createDeps({ secrets, log, commandFolder }: DepsOptions): Deps {
  return {
    fetch: globalThis.fetch,
    now: () => Date.now(),
    log: {
      warn: (message, facts) => log.warn(message, facts),
      debug: (message, facts) => log.debug(message, facts),
    },
    secrets,
    commandFolder,
  }
}
