// What the worker lends a provider, for tests: secrets from a map, a log that is kept, the real fetch and clock.
import type { Deps } from '../../activities/provider.ts'
import { failure } from '../../activities/failure.ts'
import type { JsonObject } from '../../workflows/json.ts'

export interface TestDeps extends Deps {
  /** Every log line so far, facts included, as one text each. */
  lines: string[]
}

export interface TestDepsOptions {
  /** Reference -> content: `{ 'env:DNS_KEY': 's3cret' }`. */
  secrets?: Record<string, string>
  commandFolder?: string | null
}

export function testDeps(options: TestDepsOptions = {}): TestDeps {
  const lines: string[] = []
  const record = (level: string) => (message: string, facts?: JsonObject) => {
    lines.push(facts === undefined ? `${level} ${message}` : `${level} ${message} ${JSON.stringify(facts)}`)
  }
  const secrets = new Map(Object.entries(options.secrets ?? {}))
  return {
    lines,
    fetch: globalThis.fetch,
    now: () => Date.now(),
    log: { warn: record('warn'), debug: record('debug') },
    secrets: {
      async read(reference) {
        const content = secrets.get(reference)
        if (content === undefined) throw failure('Config', `secret ${reference} is not set`)
        return content
      },
    },
    commandFolder: options.commandFolder ?? null,
  }
}
