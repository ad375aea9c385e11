// The lab with a worker, a command line and a channel: what demo, end-to-end tests and benchmarks play on.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createFolder } from '../folder.ts'
import { type Lab, type LabOptions, startLab } from '../lab.ts'
import { type Channel, openChannel } from './channel.ts'
import { type Cli, cliWith } from './cli.ts'
import { EXAMPLES } from './examples.ts'
import { type Settings, onLab } from './runbook.ts'
import { type LabWorker, startWorker, temporalEnvironment, workerEnvironment } from './worker.ts'
import { type World, lookAround, setBack } from './world.ts'

export type Stage = {
  lab: Lab
  worker: LabWorker
  cli: Cli
  channel: Channel
  /** What a process needs to find the lab's Temporal. */
  environment: { [name: string]: string }
  /** Writes an example for this lab and gives the file's path. */
  runbook(example: string, settings: Partial<Settings> & { service: string }): string
  /** Writes any runbook text. */
  write(name: string, text: string): string
  /** Weights, mirror, records and instances at the beginning. */
  start: World
  look(): Promise<World>
  /** Everything as at the beginning. */
  reset(): Promise<void>
  close(): Promise<void>
}

export async function openStage(
  options: LabOptions & { hear?: Parameters<typeof openChannel>[0] } = {},
): Promise<Stage> {
  const lab = await startLab(options)
  const folder = createFolder('stage')
  const channel = await openChannel(options.hear)
  const worker = await startWorker(workerEnvironment(lab.addresses))
  const start = await lookAround(lab)
  const environment = temporalEnvironment(lab.addresses)
  const cli = cliWith(environment)
  const write = (name: string, text: string) => {
    const path = join(folder.path, name)
    writeFileSync(path, text)
    return path
  }
  return {
    lab,
    worker,
    channel,
    environment,
    cli,
    write,
    runbook(example, settings) {
      const text = readFileSync(join(EXAMPLES, `${example}.yaml`), 'utf8')
      const full: Settings = { edge: 'envoy', zone: 'bind', webhookUrl: channel.url, hold: '4s', ...settings }
      return write(`${settings.service}.yaml`, onLab(text, lab.addresses, full))
    },
    start,
    look: () => lookAround(lab),
    reset: () => setBack(lab, start),
    async close() {
      await cli.end()
      await worker.server.close()
      await channel.close()
      await lab.stop()
      folder.remove()
    },
  }
}
