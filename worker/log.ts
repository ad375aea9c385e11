// The worker's log on standard error: one line per event, as text for people or JSON for machines, secrets masked.
// Also the logger of the Temporal SDK, so that nothing is written past the mask.
import type { LogEntry, Logger } from '@temporalio/worker'
import { DefaultLogger } from '@temporalio/worker'
import { ASK_AGAIN } from '../workflows/tasks-only.ts'

export interface LogOptions {
  form: 'text' | 'json'
  redact(text: string): string
  write(line: string): void
}

const LEVEL = 'INFO' // benign failures of watches are at DEBUG: one per look would drown everything else

/** Lines of the SDK that are true and of no use: the worker says itself what it serves. */
const NOISE =
  /^(?:Worker state changed|No Nexus services registered|No workflows registered|Workflow bundle created)/

/** The SDK takes it for a failure of the run; it is one question that was refused, and asked again. */
function isRefusedQuestion({ meta }: LogEntry): boolean {
  return meta?.error instanceof Error && meta.error.message.endsWith(ASK_AGAIN)
}

export function createLog({ form, redact, write }: LogOptions): Logger {
  const line = form === 'json' ? asJson : asText
  return new DefaultLogger(LEVEL, (entry) => {
    if (!NOISE.test(entry.message) && !isRefusedQuestion(entry)) write(redact(line(entry)))
  })
}

function asJson({ level, timestampNanos, message, meta }: LogEntry): string {
  return JSON.stringify({ at: isoOf(timestampNanos), level, message, ...plain(meta) })
}

function asText({ level, timestampNanos, message, meta }: LogEntry): string {
  const facts = Object.entries(plain(meta)).map(([key, value]) => `${key}=${JSON.stringify(value)}`)
  return [isoOf(timestampNanos), level.padEnd(5), message, ...facts].join(' ')
}

function isoOf(nanos: bigint): string {
  return new Date(Number(nanos / 1_000_000n)).toISOString()
}

const LEFT_OUT = new Set(['sdkComponent', 'taskToken', 'activation', 'isLocal', 'namespace']) // of no use to an operator

/** Errors as their message and kind; stacks only of unknown errors, which are faults of ours. */
function plain(meta: LogEntry['meta']): Record<string, unknown> {
  const entries = Object.entries(meta ?? {}).filter(([key]) => !LEFT_OUT.has(key))
  return Object.fromEntries(
    entries.map(([key, value]) => [key, value instanceof Error ? errorWords(value) : printable(value)]),
  )
}

function errorWords(error: Error): string {
  const kind = 'type' in error && typeof error.type === 'string' ? error.type : error.name
  return kind === 'Bug' ? `${kind}: ${error.message}\n${error.stack ?? ''}` : `${kind}: ${error.message}`
}

function printable(value: unknown): unknown {
  return typeof value === 'bigint' || typeof value === 'symbol' ? String(value) : value
}
