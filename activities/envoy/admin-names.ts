// Names in the filters of Envoy's admin interface. Pure, offline half.

/** RE2 and the names of stats: everything but letters, digits and underscores is taken literally. */
export function escaped(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_]/g, '\\$&')
}
