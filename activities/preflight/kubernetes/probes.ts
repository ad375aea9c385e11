// Whether an instance that cannot work would get no requests, and one that hangs would be started anew: its probes. Pure.
import { type Facts, type Judgement, caution, fine, refuse, servingOf } from './facts.ts'
import type { Container, Probe } from './objects.ts'

const LIVENESS_PATH = /(^|\/)(live(z|ness)?|alive|ping)\/?$/i
const NOTICED_SECONDS_MAX = 60 // a minute of errors for every user whom the balancer sends there
const PERIOD_SECONDS = 10 // the defaults of Kubernetes
const FAILURES = 3

export function probesOf({ pod }: Facts): Judgement[] {
  return servingOf(pod).flatMap((container) => [...readiness(container), ...liveness(container)])
}

function readiness(container: Container): Judgement[] {
  const { name, readinessProbe: probe } = container
  if (probe === undefined)
    return [
      refuse('readiness', {
        seen: `container ${name} has no readinessProbe`,
        why: 'it gets requests from the moment its process is there, before it can answer them',
        todo: 'give it one that asks what its requests need',
      }),
    ]
  return [shallowOrFine(container, probe), ...slow(container, probe)]
}

function shallowOrFine({ name, livenessProbe }: Container, probe: Probe): Judgement {
  const why = 'an instance that cannot reach what it needs gets requests all the same'
  const todo = 'let it ask a path that looks at what requests need'
  if (probe.tcpSocket !== undefined)
    return caution('readiness', {
      seen: `shallow: the readinessProbe of ${name} only opens a connection to port ${probe.tcpSocket.port}`,
      why,
      todo,
    })
  if (probe.httpGet === undefined)
    return fine(
      'readiness',
      `the readinessProbe of ${name} ${words(probe)}: how deep it looks cannot be seen`,
    )
  const { path = '/' } = probe.httpGet
  if (isSame(probe, livenessProbe))
    return caution('readiness', {
      seen: `shallow: the readinessProbe of ${name} asks what its livenessProbe asks (${path})`,
      why: `${why}, or one is started anew where it should only wait`,
      todo,
    })
  if (LIVENESS_PATH.test(path) || path === '/')
    return caution('readiness', {
      seen: `shallow: the readinessProbe of ${name} asks ${path}, which says that a process is there`,
      why,
      todo,
    })
  return fine(
    'readiness',
    `the readinessProbe of ${name} ${words(probe)}; how deep its answer is, a check step with \`deep: true\` tells`,
  )
}

function slow({ name }: Container, probe: Probe): Judgement[] {
  const { periodSeconds = PERIOD_SECONDS, failureThreshold = FAILURES } = probe
  const seconds = periodSeconds * failureThreshold
  if (seconds <= NOTICED_SECONDS_MAX) return []
  return [
    caution('readiness', {
      seen: `the readinessProbe of ${name} takes ${seconds} s to notice (${failureThreshold} x ${periodSeconds} s)`,
      why: 'so long an instance that has broken gets requests',
      todo: 'shorten periodSeconds or failureThreshold',
    }),
  ]
}

function liveness({ name, livenessProbe: probe }: Container): Judgement[] {
  if (probe !== undefined) return [fine('liveness', `the livenessProbe of ${name} ${words(probe)}`)]
  return [
    caution('liveness', {
      seen: `container ${name} has no livenessProbe`,
      why: 'one that hangs stays as it is until a person ends it',
      todo: 'give it one that asks the process alone, nothing that it depends on',
    }),
  ]
}

function isSame(probe: Probe, other: Probe | undefined): boolean {
  const [one, two] = [probe.httpGet, other?.httpGet]
  if (one === undefined || two === undefined) return false
  return (one.path ?? '/') === (two.path ?? '/') && String(one.port) === String(two.port)
}

function words({ httpGet, tcpSocket, grpc, exec }: Probe): string {
  if (httpGet !== undefined) return `asks ${httpGet.path ?? '/'} on port ${httpGet.port}`
  if (tcpSocket !== undefined) return `opens a connection to port ${tcpSocket.port}`
  if (grpc !== undefined) return `asks the health service of gRPC on port ${grpc.port}`
  return `runs ${(exec?.command ?? []).slice(0, 1).join('')}`
}
