// Steps that name one connection, or several of a service that are moved as one. Pure.

export type OneOrMore = string | readonly string[]

/** In the order in which they are changed. */
export function eachOf(names: OneOrMore): readonly string[] {
  return typeof names === 'string' ? [names] : names
}

/** Each of the targets at each of the connections. */
export function targetsAt(
  names: OneOrMore,
  targets: readonly string[],
): { connection: string; target: string }[] {
  return eachOf(names).flatMap((connection) => targets.map((target) => ({ connection, target })))
}

/** How fast their weights are back: `in one write`. */
export function inOneWrite(names: OneOrMore): string {
  return eachOf(names).length > 1 ? 'in one write each, all at once' : 'in one write'
}

/** For titles: `edge-a, edge-b`. */
export function namesOf(names: OneOrMore): string {
  return eachOf(names).join(', ')
}
