// Edges as people are shown them. Pure.
import type { RunView } from '../../view/model.ts'
import type { Weights } from '../../workflows/ports/port.ts'

/** Named only where there are several; a single one of which nothing is known is left out. */
export function shownEdges({ edges }: Pick<RunView, 'edges'>): { name: string; weights: Weights | null }[] {
  if (edges.length > 1) return edges.map(({ connection, weights }) => ({ name: connection, weights }))
  return edges.flatMap(({ weights }) => (weights === null ? [] : [{ name: '', weights }]))
}

export const UNKNOWN_WEIGHTS = 'its weights are not known'
