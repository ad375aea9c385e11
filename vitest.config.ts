// Test layers, cheapest first (see docs/testing.md). Every layer boots what it needs and ends it by id.
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000, // servers boot and holds pass inside a test; a hang must still end
    hookTimeout: 120_000, // the slowest hook boots Temporal, a worker and its bundle on two busy cores
    pool: 'forks', // Temporal's native runtime is one per process and must die with its test file
    maxWorkers: 2,
  },
})
