// Whole weights for sides whose servers differ in size: a small machine keeps its part of its side's share at every split.
// Sizes come from what was there before the run, since run-time weights forget them once a side is at 0. Pure.
import type { Split } from '../../../workflows/ports/traffic.ts'
import { type Sides, WEIGHT_MAX, type Weights, shareErrorMax, total } from './servers.ts'

const SIZE_ERROR_MAX = 0.1 // of a server's own part: a machine must not get a tenth more than its size says
const PERCENTS = 100 // weights that sum up to this are read at a glance: preferred among equally exact ones
const SAME_COST = 1e-9 // rounding of the computation itself

/** null = no whole weights come near enough to both the share of the sides and the sizes within them. */
export function unevenWeights(split: Split, sides: Sides, sizes: Weights): Weights | null {
  if (split.old === 0) return asTheyAre(sides.new, sizes)
  if (split.new === 0) return asTheyAre(sides.old, sizes)
  let best: { weights: Weights; cost: number; distance: number } | null = null
  for (let anchor = 1; anchor <= WEIGHT_MAX; anchor++) {
    const old = scaled(sides.old, sizes, anchor)
    if (old === null) continue
    for (const fresh of partners(old, { split, sides, sizes })) {
      const cost = costOf(fresh, old, split)
      const distance = Math.abs(old.sum + fresh.sum - PERCENTS)
      if (cost === null) continue
      const isBetter =
        best === null ||
        cost < best.cost - SAME_COST ||
        (cost < best.cost + SAME_COST && distance < best.distance)
      if (isBetter) best = { weights: { ...old.weights, ...fresh.weights }, cost, distance }
    }
  }
  return best?.weights ?? null
}

type Scaled = { weights: Weights; sum: number; error: number }

/** The two nearest ways of giving the new side what its share needs beside `old`. */
function partners(old: Scaled, of: { split: Split; sides: Sides; sizes: Weights }): Scaled[] {
  const servers = of.sides.new
  const largest = Math.max(...servers.map((server) => of.sizes[server] ?? 1))
  const all = servers.reduce((sum, server) => sum + (of.sizes[server] ?? 1), 0)
  const anchor = (old.sum * of.split.new * largest) / (of.split.old * all)
  return [Math.floor(anchor), Math.ceil(anchor)].flatMap((each) => scaled(servers, of.sizes, each) ?? [])
}

/** A side whose largest server has the weight `anchor`; null when the sizes cannot be kept so. */
function scaled(servers: string[], sizes: Weights, anchor: number): Scaled | null {
  if (anchor < 1 || anchor > WEIGHT_MAX) return null
  const sizeOf = (server: string): number => sizes[server] ?? 1
  const largest = Math.max(...servers.map(sizeOf))
  const all = servers.reduce((sum, server) => sum + sizeOf(server), 0)
  const weights = Object.fromEntries(
    servers.map((server) => [server, Math.max(1, Math.round((sizeOf(server) * anchor) / largest))]),
  )
  const sum = total(weights, servers)
  const errors = servers.map((server) =>
    Math.abs(((weights[server] ?? 0) * all) / (sum * sizeOf(server)) - 1),
  )
  const error = Math.max(...errors)
  return error > SIZE_ERROR_MAX ? null : { weights, sum, error }
}

/** Each error as a part of what is allowed; null when the share of the sides is too far off. */
function costOf(fresh: Scaled, old: Scaled, split: Split): number | null {
  const wanted = (split.new / (split.old + split.new)) * 100
  const share = (fresh.sum / (fresh.sum + old.sum)) * 100
  const allowed = shareErrorMax(split)
  const shareError = Math.abs(share - wanted)
  return shareError > allowed
    ? null
    : shareError / allowed + Math.max(fresh.error, old.error) / SIZE_ERROR_MAX
}

/** One side alone serves: its servers as they were found. */
function asTheyAre(servers: string[], sizes: Weights): Weights {
  return Object.fromEntries(servers.map((server) => [server, sizes[server] ?? 1]))
}
