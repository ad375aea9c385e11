// Amounts as Kubernetes writes them (`1500m`, `2Gi`), and what a pod takes of each. Pure.
// https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
import type { Amounts, Container, Limit, PodSpec } from './objects.ts'

const QUANTITY = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|([numkMGTPE]|[KMGTPE]i))?$/
const DECIMAL: { [suffix: string]: number } = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
}
const BINARY = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']
const FRACTION = 1e6 // of a unit: what is left of sums of tenths

/** Null: no amount that Kubernetes would take. */
export function amount(text: string | number): number | null {
  const [, digits, exponent, suffix] = QUANTITY.exec(String(text)) ?? []
  if (digits === undefined) return null
  if (exponent !== undefined) return Number(`${digits}${exponent}`)
  if (suffix === undefined) return Number(digits)
  const binary = BINARY.indexOf(suffix)
  return Number(digits) * (binary === -1 ? (DECIMAL[suffix] ?? 1) : 1024 ** (binary + 1))
}

/** What one container asks for and may take, with what a LimitRange gives it where it says nothing. */
export type Share = { name: string; requests: Amounts; limits: Amounts }

export function takenBy({ name, resources = {} }: Container, ranges: readonly Limit[]): Share {
  const own = resources.limits ?? {}
  const ofContainers = ranges.filter(({ type }) => type === 'Container')
  // What has a limit and no request asks for its limit; only then does a LimitRange fill what is left.
  const asked = { ...own, ...resources.requests }
  const limits = Object.assign({}, ...ofContainers.map((range) => range.default ?? {}), own) as Amounts
  const given = ofContainers.map((range) => ({ ...range.default, ...range.defaultRequest }))
  return { name, requests: Object.assign({}, ...given, asked) as Amounts, limits }
}

/** Everything that runs in a pod at one time: sidecars are init containers that go on. */
export function containersOf({ containers, initContainers = [] }: PodSpec): Container[] {
  return [...initContainers, ...containers]
}

/**
 * What a pod takes of an amount: what it says for the whole, else all that runs beside each other, or an init container where that
 * one takes more.
 */
export function takenByPod(
  pod: PodSpec,
  { of, name, ranges }: { of: 'requests' | 'limits'; name: string; ranges: readonly Limit[] },
): number {
  const overhead = amount(pod.overhead?.[name] ?? '0') ?? 0
  const whole = amount(pod.resources?.[of]?.[name] ?? '')
  if (whole !== null) return rounded(whole + overhead)
  const each = (container: Container): number => amount(takenBy(container, ranges)[of][name] ?? '0') ?? 0
  let beside = 0
  let most = 0
  for (const container of pod.initContainers ?? []) {
    if (container.restartPolicy === 'Always') beside += each(container)
    else most = Math.max(most, beside + each(container))
  }
  const running = pod.containers.reduce((sum, container) => sum + each(container), beside)
  return rounded(Math.max(most, running) + overhead)
}

export function rounded(value: number): number {
  return Math.round(value * FRACTION) / FRACTION
}
