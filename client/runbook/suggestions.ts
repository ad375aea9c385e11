// How a word that would be right is offered in place of a wrong one. Pure.
import { nearest } from '../nearest.ts'

/** `did you mean "hold"?`, or the words that would do. */
export function suggest(typed: string, words: readonly string[]): string | null {
  return didYouMean(typed, words) ?? oneOf(words)
}

export function didYouMean(typed: string, words: readonly string[]): string | null {
  const near = nearest(typed, words)
  return near === null ? null : `did you mean ${JSON.stringify(near)}?`
}

export function oneOf(words: readonly string[]): string | null {
  if (words.length === 0) return null
  return words.length === 1 ? `write ${words[0]}` : `one of ${words.join(', ')}`
}
