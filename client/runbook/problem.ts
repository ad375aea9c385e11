// A mistake in a runbook: where it is, what is wrong, what would be right. Never holds the content of a secret.

export type Path = readonly (string | number)[]

/** One mistake, as `validate -o json` prints it. Lines and columns count from 1; `fix` null = nothing sensible to say. */
export type Problem = {
  file: string
  line: number
  column: number
  path: string
  message: string
  fix: string | null
}

/** A mistake found by a check, before its place in the file is known. */
export type Finding = {
  path: Path
  message: string
  fix?: string | null
  /** Point at the key rather than at the value. */
  at?: 'key' | 'value'
  /** Where it is in the file, if `path` cannot say it (the second of two equal keys). */
  position?: number
  /** Characters behind the start of the value, where the mistake is inside a text. */
  offset?: number
  /** The value looks like a secret: its line must not be shown. */
  secret?: boolean
}

const WORD_MAX = 60 // a message is one line, whatever the file holds

/** A word of the file as a message names it. */
export function quoted(word: string): string {
  return JSON.stringify(word.length > WORD_MAX ? `${word.slice(0, WORD_MAX)}...` : word)
}

/** `['steps', 3, 'canary', 'weights', 1]` -> `steps[3].canary.weights[1]`. */
export function formatPath(path: Path): string {
  let text = ''
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`
    else if (!/^[A-Za-z_][\w-]*$/.test(part)) text += `[${JSON.stringify(part)}]`
    else text += text === '' ? part : `.${part}`
  }
  return text
}
