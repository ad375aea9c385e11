// Certificates that are renewed beneath a running worker: read again every few seconds, and swapped into it. Knows nothing of
// what they are; a renewal that is half done, or that the server does not take, leaves the connection as it is.
import { setTimeout as wait } from 'node:timers/promises'
import type { Logger, Worker } from '@temporalio/worker'
import { Refusal } from './refusal.ts'
import type { Temporal } from './temporal.ts'

const LOOK_EVERY_MS = 5_000 // certificates that live for minutes are renewed earlier than this before their end

export interface Renewing {
  temporal: Temporal
  workers: readonly Worker[]
  log: Logger
  signal: AbortSignal
}

/** Until `signal` aborts. */
export async function keepRenewed({ temporal, workers, log, signal }: Renewing): Promise<void> {
  let told: string | null = null
  while (await isTime(signal)) {
    try {
      const previous = await temporal.renew()
      told = null
      if (previous === null) continue
      for (const worker of workers) worker.connection = temporal.connection
      log.info('the certificates were renewed: connected to Temporal by the new ones')
      await previous.close()
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      if (error.message !== told)
        log.warn(`the worker goes on with the credentials read before: ${error.message}`)
      told = error.message
    }
  }
}

/** After the pause; false = the end. */
async function isTime(signal: AbortSignal): Promise<boolean> {
  try {
    await wait(LOOK_EVERY_MS, undefined, { signal, ref: false })
    return true
  } catch {
    return false // told to end
  }
}
