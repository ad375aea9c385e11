// What is wrong with a PromQL query, as Prometheus would read it and as a run would: syntax first, then whatever in it could
// make the answer of a failing service, or of none at all, look good.
import type { SyntaxNode } from '@lezer/common'
import { answerFaults } from './answers.ts'
import { emptinessFaults } from './emptiness.ts'
import type { Expression, Query } from './expression.ts'
import type { Limits, QueryFault } from './query-fault.ts'
import { TEMPLATES, templateFaults } from './templates.ts'

/** Everything that is wrong with `query`, in the order of its text; none = its answer is one number or none. */
export function queryFaults({ text, tree, error, expression }: Query, limits: Limits): QueryFault[] {
  if (error !== null) return [syntaxFault(text, error)]
  if (expression === null) return [{ message: 'the query is empty', fix: null, offset: 0 }]
  const templates = templateFaults(text, tree)
  const shape = shapeFault(expression)
  if (shape !== null) return [...templates, shape]
  const emptying = emptinessFaults(expression)
  const more = emptying.length > 0 ? [] : answerFaults(expression, limits) // of a query that cannot stay, one reason will do
  return [...templates, ...emptying, ...more].toSorted((a, b) => a.offset - b.offset)
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
  const template = /\{\{|\$(?!side\b)[\w{]/.test(text) ? TEMPLATES : null
  return { message: `not PromQL at ${JSON.stringify(near.slice(0, 20))}`, fix: template, offset: from }
}

/** A query must be one number on the outside. */
function shapeFault(expression: Expression): QueryFault | null {
  const offset = expression.from
  switch (expression.is) {
    case 'range':
      return {
        message: 'the query gives a range of values, not one',
        fix: 'wrap it, for example in rate(...)',
        offset,
      }
    case 'text':
      return { message: 'the query is a text, not a number', fix: 'remove the quotes', offset }
    case 'moved':
    case 'negative':
      return shapeFault(expression.of)
    default:
      return null
  }
}
