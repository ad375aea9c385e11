// The known word that somebody probably meant: by edit distance, or because it goes on from what was typed. Pure.

const WRONG_LETTERS_MIN = 2 // two letters swapped or missing are a slip even in a short word
const BEGINNING_MIN = 2 // letters; fewer begin too many words

/** The word nearest to `typed`, if it is near enough to be a slip of the fingers; null = none is. */
export function nearest(typed: string, words: readonly string[]): string | null {
  const meant = typed.toLowerCase()
  if (meant.length >= BEGINNING_MIN) {
    const begun = words.filter((word) => word.toLowerCase().startsWith(meant))
    if (begun.length > 0) return begun[0] ?? null
  }
  let best: string | null = null
  let bestDistance = Math.max(WRONG_LETTERS_MIN, Math.floor(meant.length / 3)) + 1 // a third of the letters wrong is another word
  for (const word of words) {
    if (Math.abs(word.length - meant.length) >= bestDistance) continue
    const distance = editDistance(meant, word.toLowerCase())
    if (distance < bestDistance && distance < word.length - 1) [best, bestDistance] = [word, distance]
  }
  return best
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
