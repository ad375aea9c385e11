// TXT values: character-strings in presentation form, each quoted, one blank between them (RFC 1035 5.1). Pure.

const STRING_BYTES_MAX = 255 // length of a character-string is one byte (RFC 1035 3.3)

/** `hello world` -> `"hello world"`; what begins with a quote is read as one or more quoted strings. Null when it cannot be read. */
export function canonicalTxt(text: string): string | null {
  const strings = parseTxt(text)
  return strings === null ? null : formatTxt(strings)
}

/**
 * The strings of a TXT value. Text without a leading quote is taken whole, blanks included, and cut after every 255 bytes:
 * a zone file would read the same text as several strings, which nobody who writes `v=spf1 -all` into YAML means.
 */
export function parseTxt(text: string): Buffer[] | null {
  if (!text.startsWith('"')) return cut(Buffer.from(text, 'utf8'))
  const strings: Buffer[] = []
  let rest = text
  while (rest !== '') {
    const quoted = /^"((?:[^"\\]|\\.)*)"\s*/s.exec(rest)
    if (quoted === null) return null
    const bytes = unescapeText(quoted[1] as string)
    if (bytes === null || bytes.length > STRING_BYTES_MAX) return null
    strings.push(bytes)
    rest = rest.slice(quoted[0].length)
  }
  return strings
}

export function formatTxt(strings: readonly Uint8Array[]): string {
  return strings.map((bytes) => `"${[...bytes].map(escapeByte).join('')}"`).join(' ')
}

function cut(bytes: Buffer): Buffer[] {
  const strings: Buffer[] = []
  for (let at = 0; at < bytes.length || at === 0; at += STRING_BYTES_MAX) {
    strings.push(bytes.subarray(at, at + STRING_BYTES_MAX))
  }
  return strings
}

function escapeByte(byte: number): string {
  const character = String.fromCharCode(byte)
  if (character === '"' || character === '\\') return `\\${character}`
  return byte < 0x20 || byte > 0x7e ? `\\${String(byte).padStart(3, '0')}` : character
}

function unescapeText(text: string): Buffer | null {
  const bytes: Buffer[] = []
  for (const [, decimal, escaped, plain] of text.matchAll(/\\(\d{3})|\\(.)|([^\\])/gsu)) {
    if (decimal !== undefined && Number(decimal) > 255) return null
    bytes.push(
      decimal === undefined ? Buffer.from(escaped ?? plain ?? '', 'utf8') : Buffer.of(Number(decimal)),
    )
  }
  return Buffer.concat(bytes)
}
