// Temporal's dev server with its UI and the search attributes that a run sets.
import { resolve } from 'node:path'
import { requireServer } from '../../scripts/find-servers.mjs'
import { freePorts } from '../ports.ts'
import { startServer } from '../server-process.ts'
import type { ServerHandle } from '../server-process.ts'

const SEARCH_ATTRIBUTES = {
  CutoverService: 'Keyword',
  CutoverPhase: 'Keyword',
  CutoverGate: 'Keyword',
  CutoverOutcome: 'Keyword',
  CutoverWeight: 'Int',
}

type Ports = { grpc: number; ui: number; http: number; metrics: number }

export type Temporal = {
  server: ServerHandle
  /** `host:port` for clients and workers. */
  address: string
  namespace: 'default'
  /** Null: a server without one. */
  uiUrl: string | null
  metricsUrl: string
}

/**
 * With `dbFile` its state survives stop and start; otherwise it is in memory. A relative path lies in the server's own
 * folder and is removed with it.
 */
export async function startTemporal(options: { dbFile?: string } = {}): Promise<Temporal> {
  const command = requireServer('temporal')
  const { chosen, server } = await startServer<Ports>(
    'temporal',
    async () => {
      const [grpc = 0, ui = 0, http = 0, metrics = 0] = await freePorts(4)
      return { grpc, ui, http, metrics }
    },
    (ports, folder) => ({
      command,
      args: [
        'server',
        'start-dev',
        '--ip=127.0.0.1',
        `--port=${ports.grpc}`,
        `--ui-port=${ports.ui}`,
        `--http-port=${ports.http}`,
        `--metrics-port=${ports.metrics}`,
        '--log-level=error',
        '--ui-disable-news-fetch',
        ...(options.dbFile ? [`--db-filename=${resolve(folder, options.dbFile)}`] : []),
        ...Object.entries(SEARCH_ATTRIBUTES).map(([name, type]) => `--search-attribute=${name}=${type}`),
      ],
      isReady: () => hasSearchAttributes(ports),
    }),
  )
  return {
    server,
    address: `127.0.0.1:${chosen.grpc}`,
    namespace: 'default',
    uiUrl: `http://127.0.0.1:${chosen.ui}`,
    metricsUrl: `http://127.0.0.1:${chosen.metrics}/metrics`,
  }
}

/** They appear shortly after the server answers; a run started before that could not set them. */
async function hasSearchAttributes(ports: Ports): Promise<boolean> {
  const api = `http://127.0.0.1:${ports.http}/api/v1`
  const response = await fetch(`${api}/namespaces/default/search-attributes`)
  const { customAttributes = {} } = (await response.json()) as { customAttributes?: Record<string, unknown> }
  const ui = await fetch(`http://127.0.0.1:${ports.ui}/`)
  return ui.ok && Object.keys(SEARCH_ATTRIBUTES).every((name) => name in customAttributes)
}
