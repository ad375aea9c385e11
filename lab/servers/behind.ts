// What stands behind an edge of the lab: ports of its two sides, and of the shadow that gets copies.
import { freePorts } from '../ports.ts'

export interface BehindOptions {
  old: number | number[]
  new: number | number[]
  /** Where mirrored requests go (default: `new`). */
  shadow?: number
}

export type Behind = { old: number[]; new: number[]; shadow: number[] }

export function behind({ old, new: fresh, shadow }: BehindOptions): Behind {
  return { old: [old].flat(), new: [fresh].flat(), shadow: [shadow ?? fresh].flat() }
}

/** Where users come in, and where the edge itself is asked. */
export async function edgePorts(): Promise<{ edge: number; own: number }> {
  const [edge = 0, own = 0] = await freePorts(2)
  return { edge, own }
}
