// Pieces of connection configuration that several providers share. Offline half: imports no client, no node module.
import { z } from 'zod'
import { DURATION, milliseconds } from '../workflows/quantities.ts'
import { PositiveDuration } from '../workflows/scalars.ts'

const REFERENCE = /^(?:env:[A-Za-z_][A-Za-z0-9_]*|file:\/.+)$/
const CALL_MS_MAX = 4_000 // the deadline the engine gives one call; a longer timeout would never be reached
const SECRET_HEADER = /auth|cookie|token|secret|password|api-?key/i
const OWN_HEADER = /^(?:host|connection|content-length|content-type|transfer-encoding|accept-encoding)$/i
const ARGUMENTS_MAX = 32 // a longer line is a program that belongs into the executable
const EXECUTABLE = /^[A-Za-z0-9][A-Za-z0-9._-]*$/
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/ // token of RFC 9110, section 5.6.2

export const SecretReference = z
  .string()
  .regex(REFERENCE, 'not a reference to a secret: write env:NAME or file:/path, never the secret itself')
  .meta({
    id: 'SecretReference',
    description: "Where the worker finds the secret: a variable of the worker's environment or a file",
    examples: ['env:PROMETHEUS_TOKEN', 'file:/run/secrets/prometheus'],
  })

export function isSecretReference(text: string): boolean {
  return REFERENCE.test(text)
}

/** An http(s) address without credentials, query or fragment: paths are put behind it. */
export const BaseUrl = z
  .string()
  .refine(isBaseUrl, {
    message:
      'not a base address: write http(s)://host[:port][/path] without user, password, query or fragment',
  })
  .meta({ description: 'An http(s) address', examples: ['https://host.example:8443'] })

/** How long one call may take. */
export const CallTimeout = PositiveDuration.refine(
  (text) => !DURATION.test(text) || milliseconds(text) <= CALL_MS_MAX,
  { message: 'one call may take 4s at most: the engine ends it then' },
)

/** Request headers: text or a reference. Headers that carry credentials must be references. */
export const RequestHeaders = z
  .record(z.string().regex(HEADER_NAME, 'not the name of a header'), z.string().max(4_096))
  .superRefine((headers, context) => {
    for (const [name, value] of Object.entries(headers)) {
      if (OWN_HEADER.test(name)) {
        context.addIssue({
          code: 'custom',
          path: [name],
          message: 'this header is set by the request itself',
        })
      }
      if (!SECRET_HEADER.test(name) || isSecretReference(value)) continue
      context.addIssue({
        code: 'custom',
        path: [name],
        message: 'this header carries a secret: write env:NAME or file:/path, never the secret itself',
      })
    }
  })

/** An executable of the worker's command folder, by its bare name, and its arguments. */
export const CommandLine = z
  .tuple(
    [
      z
        .string()
        .regex(EXECUTABLE, "not a bare name: executables are found in the worker's command folder only"),
    ],
    z.string().max(1_024),
  )
  .refine((line) => line.length <= ARGUMENTS_MAX, { message: `at most ${ARGUMENTS_MAX} words` })

export type CommandLine = z.infer<typeof CommandLine>

function isBaseUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const url = new URL(text)
  const isBare = url.username === '' && url.password === '' && url.search === '' && url.hash === ''
  return (url.protocol === 'http:' || url.protocol === 'https:') && isBare
}
