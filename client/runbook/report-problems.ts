// Problems as text for a terminal: place, path, message, the line itself with a caret, what would be right.
import { mayHoldSecret } from './checks/secrets.ts'
import type { Loaded } from './load.ts'
import type { Problem } from './problem.ts'
import { CONTROL } from './source.ts'

const WIDTH = 160 // where nobody says how wide the terminal is
const INDENT = 4
const NEAR_END = 0.85 // of the width: what stands behind the caret must be seen, too

/** The excerpt is no wider than `width`: a line that wraps has its caret nowhere. */
export function problemLines(problem: Problem, loaded: Loaded, width = WIDTH): string[] {
  const { file, line, column, path, message, fix } = problem
  const place = loaded.text === '' ? file : `${file}:${line}:${column}` // what cannot be read has no lines
  return [
    `${place}  ${path === '' ? '' : `${path}: `}${message}`,
    ...excerpt(problem, loaded, width - INDENT),
    ...(fix === null ? [] : [`    fix: ${fix}`]),
  ].map(harmless)
}

function excerpt({ line, column }: Problem, { text, secretLines }: Loaded, width: number): string[] {
  const content = text.split('\n')[line - 1]?.trimEnd()
  if (content === undefined || content === '') return []
  if (secretLines.has(line) || mayHoldSecret(content)) return ['    (not shown: it may hold a secret)']
  const start = column > width * NEAR_END ? Math.max(0, column - Math.floor(width / 2)) : 0
  const shown = content.slice(start, start + width)
  const indent = shown.slice(0, column - 1 - start).replaceAll(/[^\t]/g, ' ')
  return [`    ${shown}`, `    ${indent}^`]
}

/** The file may hold anything, the terminal must not obey it. */
function harmless(text: string): string {
  return text.replaceAll(new RegExp(CONTROL.source, 'gu'), '?')
}
