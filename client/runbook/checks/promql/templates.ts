// Templates of other tools that were left in a query: no series carries such a label value, so the guard would see nothing, all
// night long. Outside of quotes they do not parse at all.
import type { SyntaxNode, Tree } from '@lezer/common'
import type { QueryFault } from './query-fault.ts'

export const TEMPLATES = 'of templates only $side is known here'

/**
 * In a matcher. `$name` but not the `$` that ends a regular expression; `<name>` but not the name of one of its groups; `{side}`
 * but not `{id}`, as paths have it.
 */
const IN_VALUES =
  /\{\{[^}]*\}?\}?|\{%[^%]*%\}?|\{side\}|\$\$side\b|__[A-Z][A-Z0-9_]*__|%[A-Z][A-Z0-9_]+%|\b(?:CHANGE|REPLACE|FILL)[-_ ]?(?:ME|THIS)\b|\$\{[^}]*\}?|\[\[\s*\w[\w.]*\s*\]\]|\$(?!side\b)[A-Za-z_]\w*|%\(\w+\)s|%\{[^}]*\}|\$\([\w.-]+\)|#\{[^}]*\}|<%[^>]*>?|@[A-Z][A-Z0-9_]*@|%[sdv](?!\w)|(?<!\?P?)<[A-Za-z][\w .-]*>/g
/** In any other text: label_replace has a `$1` and a `${1}` of its own. */
const ANYWHERE = /\{\{[^}]*\}?\}?|\$\{(?!\w+\})[^}]*\}?/g

export function templateFaults(query: string, tree: Tree): QueryFault[] {
  const faults: QueryFault[] = []
  tree.cursor().iterate(({ name, node }) => {
    if (name === 'StringLiteral') faults.push(...leftIn(node, query))
  })
  return faults
}

/** In the query of a language that is not parsed: only what no such language has. */
export function templateFaultsOfText(query: string): QueryFault[] {
  return [...query.matchAll(/\{\{[^}]*\}\}|\$\{[^}]*\}/g)].map(({ 0: found, index }) =>
    leftOver(found, index),
  )
}

function leftIn(node: SyntaxNode, query: string): QueryFault[] {
  const isValue = node.parent?.name.endsWith('LabelMatcher') === true
  const text = query.slice(node.from, node.to)
  return [...text.matchAll(isValue ? IN_VALUES : ANYWHERE)].map(({ 0: found, index }) =>
    leftOver(found, node.from + index),
  )
}

function leftOver(found: string, offset: number): QueryFault {
  const text = found.length > 40 ? `${found.slice(0, 40)}...` : found
  const [sign = ''] = found
  return {
    message: `a template was left in the query: ${text}`,
    fix: `${TEMPLATES}: put the value in its place; where the text is really meant, write [${sign}] for ${sign} and match with =~`,
    offset,
  }
}
