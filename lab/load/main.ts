// The load generator's own process, so that nobody's event loop slows it down: requests at a steady rate over kept-alive
// connections, each answer attributed to a side. Open loop: a slow answer delays no other request. Never retries.
import { Agent, request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { createLocator } from './locate.ts'
import type { Place } from './locate.ts'
import type { LoadCommand, LoadOptions } from './protocol.ts'
import { createTally } from './tally.ts'
import type { Result } from './tally.ts'

const TICK_MS = 5 // requests leave in small groups at most this late
const IN_FLIGHT_MAX = 1_000 // a dead target must not eat the machine
const RATE_DEFAULT = 400
const SECONDS_MAX_DEFAULT = 900 // nobody means to load for longer without saying so
const TIMEOUT_DEFAULT_MS = 5_000

const options = JSON.parse(process.argv[2] ?? '{}') as LoadOptions
const rate = options.ratePerSecond ?? RATE_DEFAULT
const timeoutMs = options.timeoutMs ?? TIMEOUT_DEFAULT_MS
const agent = new Agent({ keepAlive: true, maxSockets: Infinity, scheduling: 'lifo' })
const ONCE = new Agent({ keepAlive: false }) // what is repeated goes over a connection of its own
const locate = createLocator(options.target)
const tally = createTally()

process.on('disconnect', () => process.exit(0))
process.on('message', (command: LoadCommand) => {
  if (command === 'read') return void process.send?.(tally.report())
  finish()
})

const began = performance.now()
let due = 0
const ticking = setInterval(() => {
  const elapsed = (performance.now() - began) / 1000
  if (elapsed > (options.secondsMax ?? SECONDS_MAX_DEFAULT)) return clearInterval(ticking)
  for (; due < elapsed * rate; due++) {
    if (tally.inFlight() >= IN_FLIGHT_MAX) tally.skipped()
    else void send()
  }
}, TICK_MS)
process.send?.('ready')

async function send(): Promise<void> {
  const started = performance.now()
  try {
    const place = await locate()
    tally.sent('name' in options.target ? place.host : undefined)
    const result = await exchange(place).catch(async (error: unknown) => {
      if (options.repeatsReset !== true || !(error instanceof Failure) || !error.isResetBefore) throw error
      tally.repeated()
      if (options.repeatAfterMs !== undefined) await sleep(options.repeatAfterMs)
      return await exchange(place, ONCE)
    })
    tally.result({ ...result, milliseconds: performance.now() - started })
  } catch (error) {
    if (!(error instanceof Failure)) tally.sent() // the name had no answer: a user would have seen that too
    tally.result({ kind: 'failed', reason: error instanceof Failure ? error.message : String(error) })
  }
}

/** A request that failed, with the reason to count it under. */
class Failure extends Error {
  /** The connection was reset before any answer came. */
  readonly isResetBefore: boolean
  constructor(reason: string, isResetBefore = false) {
    super(reason)
    this.isResetBefore = isResetBefore
  }
}

function exchange(
  { host, port, path, hostHeader }: Place,
  by: Agent = agent,
): Promise<Omit<Exclude<Result, { kind: 'failed' }>, 'milliseconds'>> {
  return new Promise((resolve, reject) => {
    let response: IncomingMessage | undefined
    const outgoing = request({ agent: by, host, port, path, headers: { host: hostHeader } })
    const conclude = (reason?: string): void => {
      clearTimeout(timer)
      const side = response?.headers['x-side']
      const isKnown = side === 'old' || side === 'new'
      if (isKnown && response?.headers['x-injected'] !== undefined) return resolve({ kind: 'injected', side })
      if (reason !== undefined) return reject(failureOf(reason))
      const status = response?.statusCode ?? 0
      if (status < 200 || status > 299) return reject(new Failure(`status ${status}`))
      if (!isKnown) return reject(new Failure('no x-side'))
      resolve({ kind: 'answered', side })
    }
    const timer = setTimeout(() => {
      conclude('timeout')
      outgoing.destroy()
    }, timeoutMs)
    const failureOf = (reason: string): Failure => {
      if (!/^(?:ECONNRESET|EPIPE)$/.test(reason)) return new Failure(reason)
      const on = outgoing.reusedSocket ? 'reused connection' : 'new connection'
      return new Failure(`${reason}, ${on}`, response === undefined)
    }
    outgoing.on('error', (error: NodeJS.ErrnoException) => conclude(error.code ?? error.message))
    outgoing.on('response', (incoming) => {
      response = incoming
      incoming.on('error', (error: NodeJS.ErrnoException) => conclude(error.code ?? error.message))
      incoming.on('end', () => conclude())
      incoming.resume()
    })
    outgoing.end()
  })
}

function finish(): void {
  clearInterval(ticking)
  const waiting = setInterval(() => {
    if (tally.inFlight() > 0) return
    clearInterval(waiting)
    agent.destroy()
    process.send?.(tally.report(), () => process.exit(0))
  }, TICK_MS)
}
