// Reads a PromQL query as Prometheus would, and refuses those whose empty answer could mean "all is well" or "no data".
import { parser } from '@prometheus-io/lezer-promql'
import type { SyntaxNode } from '@lezer/common'

const SIDE = /\$side\b/g
const SIDE_STAND_IN = 'side_' // as long as `$side`, so that columns stay right
const COMPARISONS = new Set(['Eql', 'EqlC', 'Neq', 'Gte', 'Gtr', 'Lte', 'Lss'])
const SET_OPERATORS: Record<string, string> = { Or: 'or', And: 'and', Unless: 'unless' }
const RANGES = new Set(['MatrixSelector', 'SubqueryExpr'])

export type QueryFault = { message: string; fix: string | null; offset: number }

/** What is wrong with `query`; null = it parses and its answer is one number or none. */
export function queryFault(query: string): QueryFault | null {
  const text = query.replaceAll(SIDE, SIDE_STAND_IN)
  const tree = parser.parse(text)
  const broken = firstError(tree.topNode)
  if (broken !== null) return syntaxFault(text, broken)
  return outermostFault(tree.topNode.firstChild)
}

function firstError(root: SyntaxNode): SyntaxNode | null {
  let found: SyntaxNode | null = null
  root.cursor().iterate((node) => {
    if (found === null && node.type.isError) found = node.node
    return found === null
  })
  return found
}

function syntaxFault(text: string, { from, to }: SyntaxNode): QueryFault {
  if (text.trim() === '') return { message: 'the query is empty', fix: null, offset: 0 }
  if (from >= text.trimEnd().length) {
    return {
      message: 'not PromQL: the query ends too early',
      fix: 'close every ( [ { and quote',
      offset: from,
    }
  }
  const near = text.slice(from, Math.max(to, from + 1)).split(/\s/)[0] ?? ''
  const template = /\{\{|\$\w/.test(text) ? 'of templates only $side is known here' : null
  return { message: `not PromQL at ${JSON.stringify(near.slice(0, 20))}`, fix: template, offset: from }
}

/** Looks through parentheses and signs at what the query is on the outside. */
function outermostFault(node: SyntaxNode | null): QueryFault | null {
  if (node === null) return null
  if (node.name === 'ParenExpr' || node.name === 'UnaryExpr' || node.name === 'StepInvariantExpr') {
    return outermostFault(node.lastChild)
  }
  const offset = node.from
  if (RANGES.has(node.name)) {
    return {
      message: 'the query gives a range of values, not one',
      fix: 'wrap it, for example in rate(...)',
      offset,
    }
  }
  if (node.name === 'StringLiteral')
    return { message: 'the query is a text, not a number', fix: 'remove the quotes', offset }
  return node.name === 'BinaryExpr' ? operatorFault(node) : null
}

function operatorFault(node: SyntaxNode): QueryFault | null {
  for (let child = node.firstChild; child !== null; child = child.nextSibling) {
    const offset = child.from
    if (COMPARISONS.has(child.name) && node.getChild('BoolModifier') === null) {
      return {
        message: 'the query compares: when it does not hold, its answer is empty and looks like no data',
        fix: 'leave the comparison out and say max: or min: instead, or compare with "> bool"',
        offset,
      }
    }
    const word = SET_OPERATORS[child.name]
    if (word === undefined) continue
    return {
      message: `the outermost operator is "${word}": its answer cannot be told from no data`,
      fix:
        word === 'or'
          ? 'leave "or ..." out: an outage must be unknown, not a number'
          : `leave "${word} ..." out`,
      offset,
    }
  }
  return null
}
