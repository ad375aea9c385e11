// What went wrong in TLS, in words that name the field that mends it. Knows the codes of Node and OpenSSL, no backend.
import type { FailureKind } from '../workflows/failure.ts'
import type { PrivateHttp } from './private-config.ts'

export interface ConnectionProblem {
  kind: FailureKind
  reason: string
  /** Whose it is to mend: the server's certificate, what the worker shows, the proxy between them. */
  of: 'server' | 'worker' | 'proxy'
}

const UNKNOWN_AUTHORITY = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_UNTRUSTED',
  'CERT_SIGNATURE_FAILURE', // an authority of the same name with another key
])
/** Other reasons of OpenSSL not to accept a certificate: https://docs.openssl.org/3.5/man3/X509_STORE_CTX_get_error/ */
const NOT_ACCEPTED = /^(?:CERT_|CRL_|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH)/
/** What a server says to a certificate that it does not take, or misses. */
const ALERT =
  /alert ((?:unknown ca|bad certificate|unsupported certificate|certificate \w+|access denied|handshake failure|unrecognized name|protocol version))/

/** null: it was not TLS that failed. */
export function tlsProblem(error: unknown, config: PrivateHttp = {}): ConnectionProblem | null {
  const cause = causeOf(error)
  if (cause === null) return null
  const code = codeOf(cause)
  const reason = certificateReason(cause, code, config)
  if (reason !== null) return { kind: 'Config', reason: `${where(config)}${reason}`, of: 'server' }
  const said = alertIn(cause)
  if (said !== null) return alertProblem(said, config)
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG')
    return {
      kind: 'Config',
      reason: `${where(config)}what listens there does not speak TLS: is it an http:// address?`,
      of: 'server',
    }
  return null
}

/** What the certificate of the server is refused for. */
function certificateReason(cause: Error, code: string, { tls }: PrivateHttp): string | null {
  if (code === 'CERT_HAS_EXPIRED')
    return 'the certificate of the server, or of its authority, has expired: it has to be renewed there (or the clock of the worker is wrong)'
  if (code === 'CERT_NOT_YET_VALID')
    return 'the certificate of the server is not valid yet: one of the two clocks is wrong'
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return nameReason(cause)
  if (UNKNOWN_AUTHORITY.has(code)) {
    return tls?.ca === undefined
      ? `the certificate of the server is signed by an authority that the worker does not know (${code}): name the file of that authority in tls.ca`
      : `the certificate of the server is signed by none of the authorities in tls.ca ${tls.ca} (${code})`
  }
  return NOT_ACCEPTED.test(code)
    ? `the certificate of the server is not accepted: ${cause.message} (${code})`
    : null
}

type AltNameError = Error & { host?: string; cert?: { subjectaltname?: string; subject?: { CN?: string } } }

function nameReason({ host, cert }: AltNameError): string {
  const names = cert?.subjectaltname ?? cert?.subject?.CN ?? 'no name'
  return `the certificate of the server is for ${names}, not for ${host ?? 'this host'}: if that is the server that is meant, name one of these in tls.server_name`
}

/** What the other end said in TLS before it closed: `certificate expired`; null = nothing. */
export function alertIn(error: Error): string | null {
  const words = `${error.message} ${codeOf(error).replaceAll('_', ' ').toLowerCase()}` // some come as a code alone
  return ALERT.exec(words)?.[1] ?? null
}

function alertProblem(said: string, config: PrivateHttp): ConnectionProblem {
  const { tls } = config
  const at = where(config)
  switch (said) {
    case 'protocol version':
      return {
        kind: 'Config',
        reason: `${at}the server speaks no version of TLS that the worker does`,
        of: 'server',
      }
    case 'unrecognized name':
      return {
        kind: 'Config',
        reason: `${at}the server does not go by that name: say in tls.server_name which it goes by`,
        of: 'worker',
      }
    default:
      return tls?.cert === undefined
        ? {
            kind: 'Config',
            reason: `${at}the server wants a client certificate (it says: ${said}): name it in tls.cert and tls.key`,
            of: 'worker',
          }
        : {
            kind: 'Denied',
            reason: `${at}the server does not take the client certificate in tls.cert ${tls.cert} (it says: ${said})`,
            of: 'worker',
          }
  }
}

/** Of a proxy that speaks TLS itself it cannot be told which of the two handshakes failed. */
function where({ proxy }: PrivateHttp): string {
  return proxy === undefined
    ? ''
    : proxy.startsWith('https:')
      ? `at the proxy ${proxy} or behind it: `
      : `behind the proxy ${proxy}: `
}

/** `fetch` and proxies wrap what happened: the innermost error with a code is it. */
export function causeOf(error: unknown): Error | null {
  if (!(error instanceof Error)) return null
  return causeOf(error.cause) ?? error
}

/** Numbers are codes of DOMException: a call that was ended. */
function codeOf(error: Error): string {
  const { code } = error as NodeJS.ErrnoException
  return typeof code === 'string' ? code : ''
}
