// One side of the service in one process: some of its slots run an instance each, the others are empty.
// Its admin port changes their number and injects faults. Ends when its owner does (the channel closes).
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Capacity, Faults, FleetOptions, FleetState } from './protocol.ts'
import { NO_FAULTS } from './protocol.ts'
import { startInstance } from './instance.ts'
import type { Instance } from './instance.ts'

const options = JSON.parse(process.argv[2] ?? '{}') as FleetOptions
const faults: Faults = { ...NO_FAULTS }
const serving = new Map<number, Instance>()
const draining = new Map<number, Promise<void>>()
let wanted = 0

process.on('disconnect', () => process.exit(0))
process.on('SIGTERM', () => process.exit(0))

setCount(options.count)
createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    response.writeHead(400, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ error: String(error) }))
  })
}).listen(options.admin, '127.0.0.1')

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await read(request)
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(route(`${request.method} ${request.url}`, body)))
}

function route(what: string, body: unknown): unknown {
  switch (what) {
    case 'GET /state':
      return state()
    case 'GET /count':
      return capacity()
    case 'PUT /count':
      setCount((body as { count: number }).count)
      return capacity()
    case 'PUT /faults':
      Object.assign(faults, checkedFaults(body as Partial<Faults>))
      return faults
    case 'DELETE /faults':
      return Object.assign(faults, NO_FAULTS)
    case 'GET /targets': // Prometheus' HTTP service discovery: only what runs is scraped
      return [{ targets: running().map((port) => `127.0.0.1:${port}`), labels: { region: options.region } }]
    default:
      throw new Error(`${what}: use GET /state, GET|PUT /count, PUT|DELETE /faults, GET /targets`)
  }
}

function setCount(count: number): void {
  if (!Number.isInteger(count) || count < 0 || count > options.slots.length) {
    throw new Error(`count must be a whole number from 0 to ${options.slots.length}, not ${String(count)}`)
  }
  wanted = count
  reconcile()
}

/** Brings the instances to the wanted number; a slot that still drains is used again once it is empty. */
function reconcile(): void {
  for (const [port, instance] of [...serving].slice(wanted)) {
    serving.delete(port)
    const drained = instance.drain().then(() => {
      draining.delete(port)
      reconcile()
    })
    draining.set(port, drained)
  }
  for (const port of options.slots) {
    if (serving.size >= wanted) return
    if (serving.has(port) || draining.has(port)) continue
    serving.set(port, startInstance({ ...options, port, faults }))
  }
}

function capacity(): Capacity {
  return { count: wanted, ready: [...serving.values()].filter((instance) => instance.isReady()).length }
}

function state(): FleetState {
  const { side, version, slots } = options
  return { ...capacity(), side, version, slots, running: running(), faults }
}

const running = (): number[] => [...serving.keys(), ...draining.keys()].sort((a, b) => a - b)

function checkedFaults(wish: Partial<Faults>): Partial<Faults> {
  for (const [name, value] of Object.entries(wish)) {
    if (!(name in NO_FAULTS))
      throw new Error(`no fault named ${name}; there are: ${Object.keys(NO_FAULTS).join(', ')}`)
    if (typeof value !== typeof NO_FAULTS[name as keyof Faults])
      throw new Error(`${name}: ${JSON.stringify(value)}`)
  }
  return wish
}

async function read(request: IncomingMessage): Promise<unknown> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return text === '' ? {} : JSON.parse(text)
}
