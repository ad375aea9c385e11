// The controller of Flagger as it is, on an API server of the lab: it moves weights by its own analysis. Its process may be frozen,
// killed and started again.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { requireServer } from '../../scripts/find-servers.mjs'
import { freePort } from '../ports.ts'
import { type ServerHandle, startServer } from '../server-process.ts'

const READY_WITHIN_MS = 60_000 // it lists all of its resources first

export interface FlaggerOptions {
  kubeconfig: string
  mesh: 'istio' | 'gatewayapi:v1'
  /** Where metrics are asked for, a Prometheus. */
  metrics: string
  /** How often it looks for Canaries whose analysis is new or has another interval. */
  loop?: string
}

export async function startFlagger(options: FlaggerOptions): Promise<ServerHandle> {
  const command = requireServer('flagger')
  const { server } = await startServer('flagger', freePort, (port, folder) => {
    const config = join(folder, 'kubeconfig')
    writeFileSync(config, options.kubeconfig, { mode: 0o600 })
    return {
      command,
      args: [
        `-kubeconfig=${config}`,
        `-mesh-provider=${options.mesh}`,
        `-metrics-server=${options.metrics}`,
        `-port=${port}`,
        `-control-loop-interval=${options.loop ?? '10s'}`,
        '-log-level=info',
      ],
      readyWithinMs: READY_WITHIN_MS,
      isReady: async () => (await fetch(`http://127.0.0.1:${port}/healthz`)).ok,
    }
  })
  return server
}
