// The mirror of one rule: which of its filters it is, and what share it copies. Pure.
import { isCalled } from './backend.ts'
import type { Filter, RequestMirror } from './http-route.ts'

export const MILLION = 1_000_000 // denominator of mirrors that are no whole percents

export function percentOf(mirror: RequestMirror | undefined): number {
  if (mirror === undefined) return 0
  if (mirror.percent !== undefined) return mirror.percent
  if (mirror.fraction === undefined) return 100 // neither: every request
  const { numerator, denominator = 100 } = mirror.fraction
  return Math.round((numerator / denominator) * MILLION) / (MILLION / 100)
}

export function isMirrorTo({ type, requestMirror }: Filter, shadow: string | undefined): boolean {
  return (
    type === 'RequestMirror' &&
    shadow !== undefined &&
    requestMirror !== undefined &&
    isCalled(requestMirror.backendRef, shadow)
  )
}
