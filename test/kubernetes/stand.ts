// A provider of Kubernetes over a connection to the API server that is spoiled on purpose: between them stand toxiproxy and a front that
// says when a write is on its way.
import type { Folder } from '../../lab/folder.ts'
import type { Json } from '../../workflows/json.ts'
import type { ChangingBench } from '../contract/changing.ts'
import { testDeps } from '../contract/deps.ts'
import type { Stand } from '../contract/spoiled.ts'
import { startFront } from './front.ts'
import { type Ground, WORKER } from './ground.ts'

type Bench = Pick<ChangingBench, 'provider' | 'config' | 'target' | 'end'>

/** `bench` looks past what is spoiled, with a kubeconfig; the provider gets the address in its place. */
export async function standOf(at: Ground & { folder: Folder }, bench: Bench, value: Json): Promise<Stand> {
  const front = await startFront(at.kubernetes, at.folder.path)
  const { kubeconfig: _, ...rest } = bench.config
  return {
    provider: bench.provider,
    config: (address) => ({
      ...rest,
      server: `https://${address}`,
      token: 'env:TOKEN',
      tls: { ca: front.ca },
    }),
    to: { host: '127.0.0.1', port: Number(new URL(front.url).port) },
    deps: testDeps({ secrets: { 'env:TOKEN': WORKER.token } }),
    past: { config: bench.config, deps: at.deps() },
    target: bench.target,
    value,
    async losing(lose, deps) {
      front.before = lose
      return deps
    },
    async end() {
      front.end()
      await bench.end()
    },
  }
}
