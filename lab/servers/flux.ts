// The controllers of Flux as they are, on an API server of the lab: one fetches sources, the other applies what they say. Each process
// may be frozen, killed and started again.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { requireServer } from '../../scripts/find-servers.mjs'
import { freePorts } from '../ports.ts'
import { type ServerHandle, startServer } from '../server-process.ts'

const READY_WITHIN_MS = 60_000 // two seconds on an idle machine
const LOOK_MS_MAX = 5_000 // a busy machine; a hang must still end

/** Applies what sources say: a Kustomization, or a HelmRelease. */
export type Applier = 'kustomize-controller' | 'helm-controller'

export interface Flux {
  /** Fetches repositories (source-controller). */
  source: ServerHandle
  applier: ServerHandle
  end(): Promise<void>
}

/** The definitions of Flux are there already. */
export async function startFlux(kubeconfig: string, name: Applier): Promise<Flux> {
  const source = await startOne('source-controller', kubeconfig)
  try {
    const applier = await startOne(name, kubeconfig)
    return {
      source,
      applier,
      async end() {
        await applier.close()
        await source.close()
      },
    }
  } catch (error) {
    await source.close()
    throw error
  }
}

async function startOne(name: Applier | 'source-controller', kubeconfig: string): Promise<ServerHandle> {
  const command = requireServer(name)
  const { server } = await startServer(
    name,
    () => freePorts(2),
    ([health = 0, storage = 0], folder) => {
      const config = join(folder, 'kubeconfig')
      writeFileSync(config, kubeconfig, { mode: 0o600 })
      const artifacts = join(folder, 'artifacts')
      mkdirSync(artifacts)
      const own = `127.0.0.1:${storage}`
      const stored = [`--storage-path=${artifacts}`, `--storage-addr=${own}`, `--storage-adv-addr=${own}`]
      return {
        command,
        args: [
          `--health-addr=127.0.0.1:${health}`,
          '--metrics-addr=0', // none
          '--log-level=info',
          '--requeue-dependency=1s', // thirty seconds for a source that is not there yet
          ...(name === 'source-controller' ? stored : []),
        ],
        env: { KUBECONFIG: config, TMPDIR: folder, HOME: folder, RUNTIME_NAMESPACE: 'default' },
        readyWithinMs: READY_WITHIN_MS,
        isReady: async () => {
          const signal = AbortSignal.timeout(LOOK_MS_MAX)
          return (await fetch(`http://127.0.0.1:${health}/readyz`, { signal })).ok
        },
      }
    },
  )
  return server
}
