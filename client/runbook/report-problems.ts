// Problems as text for a terminal: place, path, message, the line itself with a caret, what would be right.
import { mayHoldSecret } from './checks/secrets.ts'
import type { Loaded } from './load.ts'
import type { Problem } from './problem.ts'
import { CONTROL } from './source.ts'

const LINE_MAX = 160 // a longer line wraps and the caret points nowhere

export function problemLines(problem: Problem, loaded: Loaded): string[] {
  const { file, line, column, path, message, fix } = problem
  return [
    `${file}:${line}:${column}  ${path === '' ? '' : `${path}: `}${message}`,
    ...excerpt(problem, loaded),
    ...(fix === null ? [] : [`    fix: ${fix}`]),
  ].map(harmless)
}

function excerpt({ line, column }: Problem, { text, secretLines }: Loaded): string[] {
  const content = text.split('\n')[line - 1]?.trimEnd()
  if (content === undefined || content === '') return []
  if (secretLines.has(line) || mayHoldSecret(content)) return ['    (not shown: it may hold a secret)']
  const start = column > LINE_MAX - 20 ? column - 60 : 0
  const shown = content.slice(start, start + LINE_MAX)
  const indent = shown.slice(0, column - 1 - start).replaceAll(/[^\t]/g, ' ')
  return [`    ${shown}`, `    ${indent}^`]
}

/** The file may hold anything, the terminal must not obey it. */
function harmless(text: string): string {
  return text.replaceAll(new RegExp(CONTROL.source, 'gu'), '?')
}
