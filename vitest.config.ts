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
  lab: ['test/lab/**/*.test.ts'],
  e2e: ['test/e2e/**/*.test.ts'],
  additions: ['test/additions/**/*.test.ts'],
}

/** A whole lab and 400 requests per second each: one after the other, when the other layers are done. */
const ALONE = { maxWorkers: 1, sequence: { groupOrder: 1 } }

export default defineConfig({
  test: {
    pool: 'forks', // Temporal's native runtime is one per process and must die with its test file
    maxWorkers: 2,
    projects: Object.entries(LAYERS).map(([name, include]) => ({
      extends: true as const,
      test: {
        name,
        include,
        ...(name === 'e2e' || name === 'additions' ? ALONE : {}),
        testTimeout: 60_000, // servers boot and holds pass inside a test; a hang must still end
        hookTimeout: 120_000, // the slowest hook boots Temporal, a worker and its bundle on two busy cores
      },
    })),
  },
})
