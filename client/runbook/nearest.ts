// What somebody probably meant: the nearest of some words, by edit distance, and how it is offered. Pure.

const WRONG_LETTERS_MIN = 2 // two letters swapped or missing are a slip even in a short word

/** The word nearest to `typed`, if it is near enough to be a slip of the fingers. */
export function nearest(typed: string, words: readonly string[]): string | null {
  let best: string | null = null
  let bestDistance = Math.max(WRONG_LETTERS_MIN, Math.floor(typed.length / 3)) + 1 // a third of the letters wrong is another word
  for (const word of words) {
    if (Math.abs(word.length - typed.length) >= bestDistance) continue
    const distance = editDistance(typed.toLowerCase(), word.toLowerCase())
    if (distance < bestDistance && distance < word.length - 1) [best, bestDistance] = [word, distance]
  }
  return best
}

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

/** Damerau-Levenshtein (optimal string alignment): letters added, dropped, changed, or two neighbours swapped. */
function editDistance(a: string, b: string): number {
  let older: number[] = []
  let above = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const line = [row]
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1] ? 0 : 1
      let distance = Math.min(at(line, column - 1) + 1, at(above, column) + 1, at(above, column - 1) + same)
      const isSwap = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      if (isSwap) distance = Math.min(distance, at(older, column - 2) + 1)
      line.push(distance)
    }
    ;[older, above] = [above, line]
  }
  return at(above, b.length)
}

function at(line: readonly number[], column: number): number {
  return line[column] ?? 0
}
