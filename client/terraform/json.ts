// JSON that holds secrets: read without ever quoting it. The parser's own messages quote, so the place of a mistake is found anew. Pure.
import type { Json } from '../../workflows/json.ts'

type Parsed = { value: Json } | { line: number; column: number }

export function parseSecretJson(text: string): Parsed {
  try {
    return { value: JSON.parse(text) as Json }
  } catch {
    return placeAt(text, faultIn(text)) // the message would quote what stands there
  }
}

const TOKEN =
  /[ \t\n\r]*(?:("(?:[^"\\\u0000-\u001f]+|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)|([{}[\],:]))/y

type Next = 'value' | 'value or ]' | 'key' | 'key or }' | ':' | ', or end'

/** Where it stops to be JSON (RFC 8259), in characters. */
function faultIn(text: string): number {
  const open: ('{' | '[')[] = []
  let next: Next = 'value'
  let at = 0
  for (;;) {
    TOKEN.lastIndex = at
    const [whole, scalar, sign = ''] = TOKEN.exec(text) ?? []
    const follows: Next | null = whole === undefined ? null : after(next, { scalar, sign, open })
    if (follows === null) return at + (/^[ \t\n\r]*/.exec(text.slice(at, at + 10_000))?.[0].length ?? 0)
    next = follows
    at += whole?.length ?? 0
  }
}

type Read = { scalar: string | undefined; sign: string; open: ('{' | '[')[] }

/** What may follow; null: this may not stand here. */
function after(next: Next, { scalar, sign, open }: Read): Next | null {
  if (scalar !== undefined) {
    if (next === 'value' || next === 'value or ]') return ', or end'
    return next !== ':' && next !== ', or end' && scalar.startsWith('"') ? ':' : null
  }
  if (next === ':') return sign === ':' ? 'value' : null
  if (sign === ',')
    return next !== ', or end' || open.length === 0 ? null : open.at(-1) === '{' ? 'key' : 'value'
  if (sign === '}' || sign === ']') {
    const isDue = next === ', or end' || next === (sign === '}' ? 'key or }' : 'value or ]')
    return isDue && open.pop() === (sign === '}' ? '{' : '[') ? ', or end' : null
  }
  if ((next !== 'value' && next !== 'value or ]') || (sign !== '{' && sign !== '[')) return null
  open.push(sign)
  return sign === '{' ? 'key or }' : 'value or ]'
}

function placeAt(text: string, at: number): { line: number; column: number } {
  const before = text.slice(0, at)
  return { line: before.split('\n').length, column: at - before.lastIndexOf('\n') }
}
