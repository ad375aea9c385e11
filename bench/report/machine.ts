// What the figures were measured on: without it nobody can compare two of them. Names no host.
import { execFile } from 'node:child_process'
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os'
import { promisify } from 'node:util'
import { findServers, type ServerName } from '../../scripts/find-servers.mjs'

const GIB = 1024 ** 3
const VERSION_MS_MAX = 5_000 // a server that cannot say its version in that time is left out
const VERSION = /\d+\.\d+(\.\d+)?/ // the first number of that shape in what they say of themselves
const ASK: { [name in ServerName]?: string[] } = {
  temporal: ['--version'],
  haproxy: ['-v'],
  envoy: ['--version'],
  nginx: ['-v'],
  traefik: ['version'],
  caddy: ['version'],
  prometheus: ['--version'],
}

export type Machine = {
  date: string
  cores: number
  cpu: string
  memoryGib: number
  /** Runnable processes when it began: above the number of cores, milliseconds are those of a busy machine. */
  loadAtStart: number
  node: string
  platform: string
  servers: { [name: string]: string }
}

export async function machineFacts(): Promise<Machine> {
  const paths = findServers()
  const asked = Object.entries(ASK).map(async ([name, args]): Promise<[string, string]> => {
    const path = paths[name as ServerName]
    return [name, path === undefined ? 'missing' : await versionOf(path, args)]
  })
  return {
    date: new Date().toISOString(),
    cores: availableParallelism(),
    cpu: cpus()[0]?.model ?? 'unknown',
    memoryGib: Math.round(totalmem() / GIB),
    loadAtStart: Math.round((loadavg()[0] ?? 0) * 10) / 10,
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    servers: Object.fromEntries(await Promise.all(asked)),
  }
}

async function versionOf(path: string, args: string[]): Promise<string> {
  try {
    const { stdout, stderr } = await promisify(execFile)(path, args, { timeout: VERSION_MS_MAX })
    return VERSION.exec(stdout + stderr)?.[0] ?? 'unknown'
  } catch {
    return 'unknown' // a fact that is missing does not spoil the measurement
  }
}
