// probe/http: asks a service as a client would and says, line by line, what is wrong with the answer. Never throws
// for what the service does: only a wrong configuration and a call that was told to stop are failures.
import type { ProbeRequest, ProbeResult } from '../../../workflows/ports/probe.ts'
import { milliseconds } from '../../../workflows/quantities.ts'
import { failure, kindOf } from '../../failure.ts'
import { LATE, isTold, networkReason, resolveHeaders } from '../../http.ts'
import { wayOf } from '../../private-http.ts'
import { defineProvider } from '../../provider.ts'
import { redact } from '../../secrets.ts'
import { ask } from './client.ts'
import { judge } from './judge.ts'
import { type HttpProbeConfig, spec } from './schema.ts'

export const http = defineProvider({
  spec,
  connect: (config, deps) => {
    const way = wayOf(config, deps, { isFresh: true, ...serverName(config) })
    return {
      async probe(request, io) {
        const url = urlOf(config, request)
        const { headers, secrets } = await resolveHeaders(config, deps.secrets)
        const timeoutMs = milliseconds(config.timeout)
        const signal = AbortSignal.any([io.signal, AbortSignal.timeout(timeoutMs)])
        const begin = deps.now()
        try {
          signal.throwIfAborted()
          const body = request.body === undefined ? null : JSON.stringify(request.body)
          const answer = await ask({
            url,
            method: request.method,
            headers: {
              ...(body === null ? {} : { 'content-type': 'application/json' }),
              ...headers,
              ...request.headers,
              ...host(config),
            },
            body,
            signal,
            dispatcher: await way.dispatcher(),
          })
          const location = answer.location === null ? null : redact(answer.location, secrets)
          const hidden = { ...answer, body: redact(answer.body, secrets), location }
          const { problems, shallow } = judge(request, hidden)
          return {
            good: problems.length === 0,
            status: answer.status,
            latencyMs: answer.latencyMs,
            problems,
            shallow,
          }
        } catch (error) {
          if (isTold(io.signal)) throw io.signal.reason
          if (kindOf(error) !== null) throw error
          const problem = way.problem(error)
          // What the worker lacks, or the proxy, says nothing of the service.
          if (problem !== null && problem.of !== 'server')
            throw failure(
              problem.kind,
              redact(`probe ${request.name} at ${config.url}: ${problem.reason}`, secrets),
            )
          const reason = io.signal.aborted ? LATE : (problem?.reason ?? networkReason(error, timeoutMs))
          return unanswered(redact(reason, secrets), deps.now() - begin)
        }
      },
    }
  },
})

function unanswered(reason: string, latencyMs: number): ProbeResult {
  return { good: false, status: null, latencyMs, problems: [`no answer: ${reason}`], shallow: null }
}

function urlOf(config: HttpProbeConfig, request: ProbeRequest): string {
  const url = `${config.url.replace(/\/+$/, '')}${request.path}`
  if (request.path.startsWith('/') && URL.canParse(url)) return url
  throw failure(
    'Config',
    `probe ${request.name}: path ${JSON.stringify(request.path)} must start with / and be written as in a URL`,
  )
}

function host(config: HttpProbeConfig): Record<string, string> {
  return config.host === undefined ? {} : { host: config.host }
}

/** The certificate is judged by the name that the users of the service know. */
function serverName({ host: name }: HttpProbeConfig): { serverName?: string } {
  return name === undefined ? {} : { serverName: name.replace(/:\d+$/, '') }
}
