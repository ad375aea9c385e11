// Which share of a split a key falls into, computed as NGINX does, so that a running worker can be asked where its border
// lies. ngx_murmur_hash2 and ngx_http_split_clients_module.c; checked 2026-11-27 against 1.22.1, 500 keys of two splits.
import { UnfitFile, WHOLE } from './splits.ts'

const MULTIPLIER = 0x5bd1e995
const HASH_MAX = 0xffffffff
const KEY_DIGITS = 7 // more numbers than are tried
const [ZERO, NINE] = [0x30, 0x39]
const KEYS_TRIED_MAX = 1_000_000 // one key in ten thousand fits: after a hundred times as many there is a mistake

/** A key whose request falls into hundredth `index` (0 to 9,999) of a split that hashes `template`. */
export function keyIn(template: string, index: number): string {
  const { before, after } = partsOf(template)
  const [from, to] = [border(index) + 1, border(index + 1) - 1]
  // Ten thousand hashes for a key: over one piece of memory, in which the digits are counted up.
  const prefix = new TextEncoder().encode(before)
  const bytes = new TextEncoder().encode(`${before}${'0'.repeat(KEY_DIGITS)}${after}`)
  for (let tried = 0; tried < KEYS_TRIED_MAX; tried++) {
    const hash = murmur2(bytes)
    if (hash >= from && hash < to)
      return String.fromCharCode(...bytes.slice(prefix.length, prefix.length + KEY_DIGITS))
    countUp(bytes, prefix.length + KEY_DIGITS - 1)
  }
  throw new Error(`no key falls into ${index} of ${template}`)
}

function countUp(bytes: Uint8Array, last: number): void {
  for (let at = last; ; at--) {
    if (bytes[at] !== NINE) return void (bytes[at]! += 1)
    bytes[at] = ZERO
  }
}

/** The hashed text must be one variable, with whatever around it: `$orders_key`, `${orders_key}m`. Raises UnfitFile. */
export function partsOf(template: string): { before: string; variable: string; after: string } {
  const [found, ...more] = template.matchAll(/\$(?:\{(\w+)\}|(\w+))/g)
  if (found === undefined || more.length > 0) {
    throw new UnfitFile(
      'Config',
      `it hashes "${template}": write one variable, which the control location sets from $arg_key`,
    )
  }
  return {
    before: template.slice(0, found.index),
    variable: `$${found[1] ?? found[2]}`,
    after: template.slice(found.index + found[0].length),
  }
}

function border(index: number): number {
  return Number((BigInt(index) * BigInt(HASH_MAX)) / BigInt(WHOLE))
}

export function murmur2(bytes: Uint8Array): number {
  let hash = bytes.length
  let at = 0
  for (; bytes.length - at >= 4; at += 4) {
    let word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    word = Math.imul(word, MULTIPLIER)
    word ^= word >>> 24
    word = Math.imul(word, MULTIPLIER)
    hash = Math.imul(hash, MULTIPLIER) ^ word
  }
  const left = bytes.length - at
  if (left >= 3) hash ^= bytes[at + 2]! << 16
  if (left >= 2) hash ^= bytes[at + 1]! << 8
  if (left >= 1) hash = Math.imul(hash ^ bytes[at]!, MULTIPLIER)
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER)
  return (hash ^ (hash >>> 15)) >>> 0
}
