// handover, as others see it. A kind of these tests alone: see handover-workflows.ts.
import type { RRset } from '../../../workflows/ports/dns.ts'
import { SPLIT, splitAt } from '../../../workflows/ports/traffic.ts'
import { milliseconds } from '../../../workflows/quantities.ts'
import type { AnyKind } from '../../../workflows/steps/kind.ts'
import type { Handover } from './schema.ts'

export const ROUNDS = 60 // twelve seconds of work

type OfHandover<F> = F extends (spec: never, ...rest: infer R) => infer A
  ? (spec: Handover, ...rest: R) => A
  : F

export const handover: { [F in keyof AnyKind]: OfHandover<AnyKind[F]> } = {
  title: ({ to }) => `hand over to ${to}`,
  connections: { zone: 'dns', edge: 'traffic' },
  changes: true,
  watched: 'throughout',
  outline(spec, seen) {
    const { zone: connection, leader: target, nobody, to, edge, drain } = spec
    const found = seen(connection, target) as RRset | undefined
    const led = (by: string) => (found === undefined ? null : ledBy(by)(found))
    return {
      changes: [
        { connection, target, desired: led(nobody) },
        { connection: edge, target: SPLIT, desired: splitAt(100) },
        { connection, target, desired: led(to) },
      ],
      back: 'nobody leads, then the traffic as recorded before, then who led before',
      shortestMs: milliseconds(drain),
      longestMs: milliseconds(drain),
      decides: null,
    }
  },
}

export function ledBy(value: string): (now: RRset) => RRset {
  return (now) => ({ ...now, values: [value] })
}
