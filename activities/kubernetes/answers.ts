// What an answer of the Kubernetes API that is no success means, as a failure of the closed list. Pure. Every case was seen on
// an API server 1.35 (2026-11); the statuses alone do not tell: 403, 409, 422 and 500 each mean several things.
import { z } from 'zod'
import type { FailureKind } from '../../workflows/failure.ts'
import { failure } from '../failure.ts'
import { type HttpAnswer, excerpt, retryAfterMs, statusKind } from '../http.ts'
import { redact } from '../secrets.ts'

const Status = z.object({
  kind: z.literal('Status'),
  message: z.string().default(''),
  reason: z.string().default(''),
  details: z
    .object({
      name: z.string().optional(),
      causes: z
        .array(
          z.object({
            reason: z.string().optional(),
            message: z.string().optional(),
            field: z.string().optional(),
          }),
        )
        .default([]),
    })
    .nullish(),
})
type Status = z.infer<typeof Status>

const NOT_INSTALLED = 'the API server has no such kind of resource: is its definition installed?'

export interface Refused {
  /** What was tried and on what. */
  what: string
  answer: HttpAnswer
  secrets: string[]
  now: number
  /** A JSON Patch with tests: their failure says that the object is another one than was looked at. */
  hasTests?: boolean
}

export function refusal({ what, answer, secrets, now, hasTests = false }: Refused): Error {
  const status = statusIn(answer.body)
  if (status === null) return notOfKubernetes({ what, answer, secrets, now })
  const words = excerpt(redact(withoutObject(status.message), secrets)) || status.reason || 'no reason given'
  const { kind, todo } = meaningOf(answer.status, status, hasTests)
  const retry = kind === 'Throttled' ? retryAfterMs(answer.headers, now) : undefined
  return failure(kind, `${what}: ${answer.status} ${words}${todo === undefined ? '' : `; ${todo}`}`, {
    ...(retry === undefined ? {} : { retryAfterMs: retry }),
    ...(kind === 'Conflict' ? { details: { found: null, writer: writerIn(status) } } : {}),
  })
}

/** A patch that does not fit is quoted with the whole object before the reason. */
function withoutObject(message: string): string {
  return message.replace(/"\{.*\}(?:\\n)?": /s, '')
}

type Meaning = { kind: FailureKind; todo?: string }

function meaningOf(code: number, status: Status, hasTests: boolean): Meaning {
  const { message, reason } = status
  const causes = status.details?.causes ?? []
  switch (code) {
    case 401:
      return { kind: 'Denied', todo: 'the API server does not know these credentials, or not any more' }
    case 403:
      // RBAC names verb and resource; a quota, a namespace that is going, or a webhook that says no answer 403 as well.
      return /\bcannot \w+ resource\b/.test(message)
        ? { kind: 'Denied', todo: '`cutover rbac FILE` prints the role that a runbook needs' }
        : { kind: 'Rejected' }
    case 404:
      return status.details?.name === undefined || status.details.name === ''
        ? { kind: 'Missing', todo: NOT_INSTALLED }
        : { kind: 'Missing' }
    case 409:
      return { kind: 'Conflict' }
    case 410:
      return { kind: 'Unavailable', todo: 'what was looked at is forgotten; looking again' }
    case 422:
      // A test that fails, a path that is not there and an unknown operation look alike; what a schema refuses has causes.
      return hasTests && causes.length === 0
        ? { kind: 'Conflict', todo: 'it is not as it was when it was looked at' }
        : { kind: 'Rejected' }
    case 429:
      return { kind: 'Throttled' }
    case 500:
      return /field not declared in schema/.test(message) ? { kind: 'Rejected' } : { kind: 'Unavailable' }
    default:
      return { kind: reason === 'Timeout' ? 'Unavailable' : statusKind(code) }
  }
}

/** Server-side apply names the other manager; nothing else does. */
function writerIn({ details }: Status): string | null {
  const cause = details?.causes.find(({ reason }) => reason === 'FieldManagerConflict')
  return /conflict with "([^"]+)"/.exec(cause?.message ?? '')?.[1] ?? null
}

/** A proxy or another server in its place; 401 without a body is the API server's own. */
function notOfKubernetes({ what, answer, secrets, now }: Refused): Error {
  const words = excerpt(redact(answer.body, secrets)) || 'no reason given'
  // What the API server says itself where it has not even the group of a resource.
  if (answer.status === 404 && answer.body.trim() === '404 page not found')
    return failure('Missing', `${what}: 404: ${NOT_INSTALLED}`)
  const kind = statusKind(answer.status)
  if (kind === 'Config') {
    const type = answer.headers.get('content-type') ?? 'no content type'
    return failure(kind, `${what}: ${answer.status}: this is no Kubernetes API (${type}): ${words}`)
  }
  const retry = kind === 'Throttled' ? retryAfterMs(answer.headers, now) : undefined
  return failure(
    kind,
    `${what}: ${answer.status} ${words}`,
    retry === undefined ? {} : { retryAfterMs: retry },
  )
}

function statusIn(body: string): Status | null {
  try {
    return Status.safeParse(JSON.parse(body)).data ?? null
  } catch {
    return null // not JSON: whoever answered, it is told as what it is
  }
}
