// A worker as a process of its own: started, killed with -9, started again on the same ports.
import { fileURLToPath } from 'node:url'
import type { Addresses } from '../addresses.ts'
import { freePorts } from '../ports.ts'
import { type ServerHandle, startServer } from '../server-process.ts'
import { secretsOf } from './runbook.ts'

const READY_WITHIN_MS = 60_000 // it bundles the workflows first: five seconds of one core, and cores may be busy

export const CUTOVER = fileURLToPath(new URL('../../bin/cutover.js', import.meta.url))

export type LabWorker = {
  server: ServerHandle
  /** `/healthz` and `/metrics`. */
  url: string
}

/** A worker that finds this in its environment. */
export async function startWorker(environment: { [name: string]: string }): Promise<LabWorker> {
  const { chosen, server } = await startServer(
    'worker',
    async () => {
      const [metrics = 0, sdk = 0] = await freePorts(2)
      return { metrics, sdk }
    },
    ({ metrics, sdk }) => ({
      command: process.execPath,
      args: [CUTOVER, 'worker'],
      env: {
        ...environment,
        CUTOVER_LOG: 'json',
        CUTOVER_METRICS_ADDRESS: `127.0.0.1:${metrics}`,
        CUTOVER_SDK_METRICS_ADDRESS: `127.0.0.1:${sdk}`,
      },
      isReady: async () => (await fetch(`http://127.0.0.1:${metrics}/healthz`)).ok,
      readyWithinMs: READY_WITHIN_MS,
    }),
  )
  return { server, url: `http://127.0.0.1:${chosen.metrics}` }
}

/** What a worker needs to carry runs over the servers of the lab. */
export function workerEnvironment(addresses: Addresses): { [name: string]: string } {
  return {
    ...temporalEnvironment(addresses),
    ...secretsOf(addresses),
    CUTOVER_COMMAND_FOLDER: addresses.commands.folder,
  }
}

export function temporalEnvironment({ temporal }: Pick<Addresses, 'temporal'>): { [name: string]: string } {
  return { TEMPORAL_ADDRESS: temporal.address, TEMPORAL_NAMESPACE: temporal.namespace }
}
