// Test layers, cheapest first (see docs/testing.md). Every layer boots what it needs and ends it by id.
import { defineConfig } from 'vitest/config'

const LAYERS: Record<string, string[]> = {
  tidy: ['test/tidy/**/*.test.ts'],
  bundle: ['test/bundle/**/*.test.ts'],
  unit: ['test/unit/**/*.test.ts'],
  contract: ['test/contract/**/*.test.ts'],
  replay: ['test/replay/**/*.test.ts'],
  timeskip: ['test/timeskip/**/*.test.ts'],
  workflow: ['test/workflow/**/*.test.ts'],
  long: ['test/long/**/*.test.ts'],
  lab: ['test/lab/**/*.test.ts'],
  e2e: ['test/e2e/**/*.test.ts'],
  additions: ['test/additions/**/*.test.ts'],
  package: ['test/package/**/*.test.ts'],
  pages: ['test/pages/**/*.test.ts'],
  cluster: ['test/cluster/**/*.test.ts'],
  kubernetes: ['test/kubernetes/**/*.test.ts'],
  proxies: ['test/proxies/**/*.test.ts'],
}

/** When the other layers are done, one file after the other. */
const ALONE = { maxWorkers: 1, sequence: { groupOrder: 3 } }
/** Two at a time: a whole lab and 400 requests per second each, and much waiting for holds. */
const LABS = { maxWorkers: 2, sequence: { groupOrder: 1 } }
/** And then what is built, packed and installed, once for all files of the layer. */
const INSTALLED = {
  maxWorkers: 1,
  sequence: { groupOrder: 2 },
  globalSetup: 'test/package/installed.ts',
}
const MORE: Record<string, object> = {
  e2e: LABS,
  additions: ALONE,
  cluster: ALONE,
  proxies: ALONE,
  package: INSTALLED,
}

export default defineConfig({
  test: {
    pool: 'forks', // Temporal's native runtime is one per process and must die with its test file
    maxWorkers: 3, // for two cores: the workflow layer waits for timers half of its time
    projects: Object.entries(LAYERS).map(([name, include]) => ({
      extends: true as const,
      test: {
        name,
        include,
        ...MORE[name],
        testTimeout: 60_000, // servers boot and holds pass inside a test; a hang must still end
        hookTimeout: 120_000, // the slowest hook boots Temporal, a worker and its bundle on two busy cores
      },
    })),
  },
})
