// From the Temporal client's protobuf to plain values: payloads, times, failures. Knows nothing of runs.
import type { Client } from '@temporalio/client'
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js'

type Payloads = Parameters<typeof decodeArrayFromPayloads>[1]
type Instant = { seconds?: unknown; nanos?: number | null } | null | undefined

/** Every value of a list of payloads; what cannot be decoded (another key, another encoding) is left out. */
export async function decodeAll(client: Client, payloads: Payloads): Promise<unknown[]> {
  try {
    return await decodeArrayFromPayloads(client.options.loadedDataConverter, payloads)
  } catch {
    return [] // an encrypted payload without its codec: the rest of the view is still worth showing
  }
}

export async function decodeOne(
  client: Client,
  payload: NonNullable<Payloads>[number] | null | undefined,
): Promise<unknown> {
  const [value] = payload === null || payload === undefined ? [] : await decodeAll(client, [payload])
  return value
}

export function msOf(instant: Instant): number | null {
  if (instant === null || instant === undefined) return null
  return Number(String(instant.seconds ?? 0)) * 1_000 + Math.floor((instant.nanos ?? 0) / 1e6)
}

export function isoOf(instant: Instant): string | null {
  const ms = msOf(instant)
  return ms === null ? null : new Date(ms).toISOString()
}

type Failure = {
  message?: string | null
  cause?: Failure | null
  applicationFailureInfo?: { type?: string | null } | null
}

/** The innermost cause says what happened; the outer ones only where. */
export function failureText(failure: Failure | null | undefined): string | null {
  if (failure === null || failure === undefined) return null
  if (failure.cause) return failureText(failure.cause)
  const type = failure.applicationFailureInfo?.type
  return `${type ? `${type}: ` : ''}${failure.message ?? ''}`
}
