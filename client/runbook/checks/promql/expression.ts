// A PromQL query as a tree of what it computes: comments, parentheses and spelling gone. Reads Prometheus' own grammar, so
// that whatever is said of a query holds wherever in it something stands.
import { parser } from '@prometheus-io/lezer-promql'
import type { SyntaxNode, Tree } from '@lezer/common'

/** A query, read once for all that is said of it. `expression`: null = it is broken at `error`, or nothing but comments. */
export type Query = { text: string; tree: Tree; error: SyntaxNode | null; expression: Expression | null }

/** `key`: equal for expressions that compute the same from the same series. `from`, `to`: place in the text. */
export type Expression = Shape & { readonly key: string }

type Shape = { from: number; to: number } & (
  | { is: 'number'; value: number }
  | { is: 'text' }
  | { is: 'series'; metric: string; matchers: string[] }
  /** Samples of a stretch of time: `x[5m]`, `x[5m:1m]`. */
  | { is: 'range'; of: Expression; window: string }
  /** Looked at from another moment: a fixed one (`pinned`), or so many seconds ago. */
  | { is: 'moved'; of: Expression; pinned: boolean; ago: number }
  | { is: 'negative'; of: Expression }
  | { is: 'call'; name: string; args: Expression[] }
  | { is: 'aggregate'; name: string; grouping: string; args: Expression[] }
  | { is: 'binary'; operator: string; at: number; bool: boolean; left: Expression; right: Expression }
)

export type Binary = Extract<Expression, { is: 'binary' }>

const SIDE = /\$side\b/g
const SIDE_STAND_IN = 'side_' // as long as `$side`, so that places stay right

export function parseQuery(text: string): Query {
  const named = text.replaceAll(SIDE, SIDE_STAND_IN)
  const tree = parser.parse(named)
  const error = firstError(tree)
  const [top] = error === null ? partsOf(tree.topNode) : []
  return { text, tree, error, expression: top === undefined ? null : read(top, named) }
}

function firstError(tree: Tree): SyntaxNode | null {
  let found: SyntaxNode | null = null
  tree.cursor().iterate((node) => {
    if (found === null && node.type.isError) found = node.node
    return found === null
  })
  return found
}

/** The expression itself, then everything in it. */
export function* within(expression: Expression): Generator<Expression> {
  yield expression
  for (const inner of partsOfExpression(expression)) yield* within(inner)
}

export function partsOfExpression(expression: Expression): Expression[] {
  switch (expression.is) {
    case 'number':
    case 'text':
    case 'series':
      return []
    case 'range':
    case 'moved':
    case 'negative':
      return [expression.of]
    case 'call':
    case 'aggregate':
      return expression.args
    case 'binary':
      return [expression.left, expression.right]
    default:
      return expression satisfies never
  }
}

function read(node: SyntaxNode, text: string): Expression {
  return keyed(shapeOf(node, text), node, text)
}

/** Few keys are ever compared, and each is made of everything below it: they are made when somebody asks. */
function keyed(shape: Shape, node: SyntaxNode, text: string): Expression {
  if ('key' in shape) return shape as Expression // parentheses and a plus add nothing
  let key: string | undefined
  return Object.defineProperty(shape, 'key', { get: () => (key ??= keyOf(node, text)) }) as Expression
}

function shapeOf(node: SyntaxNode, text: string): Shape {
  const parts = partsOf(node)
  const place = { from: node.from, to: node.to }
  const inner = (): Expression =>
    parts[0] === undefined ? keyed({ ...place, is: 'text' }, node, text) : read(parts[0], text)
  switch (node.name) {
    case 'NumberDurationLiteral':
      return { ...place, is: 'number', value: numberOf(text.slice(node.from, node.to)) }
    case 'ParenExpr':
      return inner()
    case 'UnaryExpr': {
      const of = read(node.lastChild as SyntaxNode, text)
      return text[node.from] === '-' ? { ...place, is: 'negative', of } : of
    }
    case 'VectorSelector':
      return { ...place, is: 'series', ...selectorOf(node, text) }
    case 'MatrixSelector':
    case 'SubqueryExpr':
      return { ...place, is: 'range', of: inner(), window: windowOf(node, text) }
    case 'OffsetExpr':
    case 'AnchoredExpr':
    case 'SmoothedExpr':
      return { ...place, is: 'moved', of: inner(), pinned: false, ago: offsetOf(node, text) }
    case 'StepInvariantExpr': {
      const pinned = node.getChild('AtModifierPreprocessors') === null
      return { ...place, is: 'moved', of: inner(), pinned, ago: 0 }
    }
    case 'FunctionCall':
      return {
        ...place,
        is: 'call',
        name: wordOf(node, 'FunctionIdentifier', text),
        args: argumentsOf(node, text),
      }
    case 'AggregateExpr': {
      const modifier = node.getChild('AggregateModifier')
      const grouping = modifier === null ? '' : keyOf(modifier, text)
      return {
        ...place,
        is: 'aggregate',
        name: wordOf(node, 'AggregateOp', text),
        grouping,
        args: argumentsOf(node, text),
      }
    }
    case 'BinaryExpr':
      return { ...place, ...binaryOf(node, text) }
    default:
      return { ...place, is: 'text' }
  }
}

function binaryOf(node: SyntaxNode, text: string) {
  const [left, operator] = partsOf(node) as [SyntaxNode, SyntaxNode]
  return {
    is: 'binary' as const,
    operator: text.slice(operator.from, operator.to).toLowerCase(),
    at: operator.from,
    bool: node.getChild('BoolModifier') !== null,
    left: read(left, text),
    right: read(node.lastChild as SyntaxNode, text),
  }
}

function selectorOf(node: SyntaxNode, text: string): { metric: string; matchers: string[] } {
  const named = node.getChild('Identifier')
  const inBraces = node.getChild('LabelMatchers')
  const quoted = inBraces?.getChild('QuotedLabelName') ?? null
  const metric = named ?? quoted
  const matchers = (inBraces === null ? [] : partsOf(inBraces)).filter(
    ({ name }) => name !== 'QuotedLabelName',
  )
  return {
    metric: metric === null ? '' : text.slice(metric.from, metric.to).replaceAll(/["'`]/g, ''),
    matchers: matchers.map((matcher) => keyOf(matcher, text)).toSorted(),
  }
}

function windowOf(node: SyntaxNode, text: string): string {
  return node
    .getChildren('DurationExpr')
    .map((duration) => keyOf(duration, text))
    .join(':')
}

/** How far back it looks; a time that is itself computed counts as none. */
function offsetOf(node: SyntaxNode, text: string): number {
  const duration = node.getChild('OffsetDurationExpr')
  const seconds = duration === null ? 0 : numberOf(text.slice(duration.from, duration.to).trim())
  return Number.isNaN(seconds) ? 0 : seconds
}

function argumentsOf(node: SyntaxNode, text: string): Expression[] {
  const body = node.getChild('FunctionCallBody')
  return body === null ? [] : partsOf(body).map((part) => read(part, text))
}

function wordOf(node: SyntaxNode, kind: string, text: string): string {
  const word = node.getChild(kind)
  return word === null ? '' : text.slice(word.from, word.to).toLowerCase()
}

function partsOf(node: SyntaxNode): SyntaxNode[] {
  const parts: SyntaxNode[] = []
  for (let child = node.firstChild; child !== null; child = child.nextSibling)
    if (child.name !== 'LineComment') parts.push(child)
  return parts
}

/** The text without blanks, comments, the parentheses around it and what else may be written in several ways. */
function keyOf(node: SyntaxNode, text: string): string {
  const whole = text.slice(node.from, node.to)
  const keys = (parts: SyntaxNode[]): string[] => parts.map((part) => keyOf(part, text))
  switch (node.name) {
    case 'ParenExpr':
      return keys(partsOf(node))[0] ?? ''
    case 'StringLiteral':
      return `"${whole.slice(1, -1)}"`
    case 'NumberDurationLiteral':
    case 'NumberDurationLiteralInDurationContext':
      return String(numberOf(whole))
    case 'VectorSelector': {
      const { metric, matchers } = selectorOf(node, text)
      return `${metric} { ${matchers.join(' , ')} }`
    }
    case 'GroupingLabels':
      return `( ${keys(partsOf(node)).toSorted().join(' , ')} )`
    case 'AggregateExpr': {
      const parts = [node.firstChild, node.getChild('AggregateModifier'), node.getChild('FunctionCallBody')]
      return keys(parts.filter((part) => part !== null)).join(' ')
    }
    default:
      return node.firstChild === null ? whole : keyOfParts(node, text)
  }
}

function keyOfParts(node: SyntaxNode, text: string): string {
  const pieces: string[] = []
  let at = node.from
  for (const part of partsOf(node)) {
    pieces.push(bare(text.slice(at, part.from)), keyOf(part, text))
    at = part.to
  }
  return [...pieces, bare(text.slice(at, node.to))].filter((piece) => piece !== '').join(' ')
}

function bare(text: string): string {
  return text.replaceAll(/#[^\n]*/g, '').replaceAll(/\s+/g, '')
}

function numberOf(text: string): number {
  if (/^[+-]?inf$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity
  const value = Number(text.replaceAll('_', ''))
  return Number.isNaN(value) && !/^nan$/i.test(text) ? durationSeconds(text) : value
}

const SECONDS = { ms: 0.001, s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800, y: 31_536_000 } as const

function durationSeconds(text: string): number {
  const parts = [...text.matchAll(/(\d+)(ms|[smhdwy])/g)]
  if (parts.length === 0) return Number.NaN
  return parts.reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * SECONDS[unit as keyof typeof SECONDS],
    0,
  )
}
