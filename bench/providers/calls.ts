// One call of a provider as a run makes it, outside of any run: with the deadline of a call, over a look of its own.
import type { Deps, Provider } from '../../activities/provider.ts'
import { type TrafficPort, splitAt } from '../../workflows/ports/traffic.ts'
import type { Changing, Io } from '../../workflows/ports/target.ts'

const CALL_MS = 10_000 // longer than the engine gives a call: what is slow is measured, not cut

/** Sets the share of the new side, in percent. */
export type Writer = (share: number) => Promise<void>

export function connectProvider(provider: unknown, config: unknown, deps: Deps): TrafficPort {
  const { spec, connect } = provider as Provider
  return connect(spec.config.parse(config), deps) as TrafficPort
}

export function byProvider(port: Changing): Writer {
  return async (share) => {
    const seen = await port.observe('split', io())
    await port.write({ target: 'split', desired: splitAt(share), seen }, io())
  }
}

export function io(): Io {
  return { signal: AbortSignal.timeout(CALL_MS) }
}
