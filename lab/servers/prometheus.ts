// Prometheus scraping every second: the instances that run (by HTTP service discovery) and the balancers.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { requireServer } from '../../scripts/find-servers.mjs'
import { freePort } from '../ports.ts'
import { startServer } from '../server-process.ts'
import type { ServerHandle } from '../server-process.ts'

export type Prometheus = { server: ServerHandle; url: string }

export type ScrapeJob = {
  job: string
  /** `host:port` each. */
  targets?: string[]
  /** URLs that list targets, asked every second. */
  discover?: string[]
  path?: string
  /** Server of a balancer -> the side it serves: becomes the label `side`. */
  sides?: { [server: string]: string }
}

/** `remoteRead`: another store that every query is put to as well; where it fails, the answer is partial. */
export async function startPrometheus(options: {
  scrape: ScrapeJob[]
  remoteRead?: string
}): Promise<Prometheus> {
  const command = requireServer('prometheus')
  const { chosen, server } = await startServer(
    'prometheus',
    () => freePort(),
    (port, folder) => {
      const config = join(folder, 'prometheus.yml')
      writeFileSync(config, configuration(options)) // JSON is YAML
      return {
        command,
        args: [
          `--config.file=${config}`,
          `--storage.tsdb.path=${join(folder, 'data')}`,
          '--storage.tsdb.retention.time=1h',
          `--web.listen-address=127.0.0.1:${port}`,
          '--log.level=warn',
        ],
        isReady: async () => (await fetch(`http://127.0.0.1:${port}/-/ready`)).ok,
      }
    },
  )
  return { server, url: `http://127.0.0.1:${chosen}` }
}

function configuration({ scrape, remoteRead }: Parameters<typeof startPrometheus>[0]): string {
  return JSON.stringify({
    global: { scrape_interval: '1s', scrape_timeout: '900ms', evaluation_interval: '1s' },
    ...(remoteRead && { remote_read: [{ url: remoteRead, read_recent: true }] }),
    scrape_configs: scrape.map(({ job, path, targets, discover, sides }) => ({
      job_name: job,
      ...(path && { metrics_path: path }),
      ...(sides && {
        metric_relabel_configs: Object.entries(sides).map(([regex, replacement]) => ({
          source_labels: ['server'],
          regex,
          target_label: 'side',
          replacement,
        })),
      }),
      ...(targets && { static_configs: [{ targets }] }),
      ...(discover && { http_sd_configs: discover.map((url) => ({ url, refresh_interval: '1s' })) }),
    })),
  })
}
