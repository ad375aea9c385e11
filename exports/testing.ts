// `import ... from 'cutover/testing'`: the contract suites that every provider is held to, with what they are fed, and the
// simulated world with a worker over it. For tests, under vitest; nothing of it belongs into production.
export { type ChangingBench, changingContract, io } from '../test/contract/changing.ts'
export type { Lies, Until } from '../test/contract/bench-lies.ts'
export { lyingContract } from '../test/contract/lies.ts'
export { type MetricsBench, connectMetrics, metricsContract } from '../test/contract/metrics/contract.ts'
export { type NotifyBench, connectNotify, notifyContract } from '../test/contract/notify/contract.ts'
export {
  type PreflightBench,
  connectPreflight,
  preflightContract,
} from '../test/contract/preflight/contract.ts'
export { type ProbeBench, connectProbe, probeContract } from '../test/contract/probe/contract.ts'
export { type TestDeps, type TestDepsOptions, testDeps } from '../test/contract/deps.ts'
export { type HttpServer, type Received, type Reply, startHttpServer } from '../test/contract/http-server.ts'
export { beginWorlds } from '../activities/sim/begin.ts'
export { type World, forgetWorld, openWorld } from '../activities/sim/world.ts'
export { type TestWorker, type TestWorkerOptions, bareDeps, createTestWorker } from '../worker/testing.ts'
export { type Registry, shippedProviders } from '../activities/connect.ts'
