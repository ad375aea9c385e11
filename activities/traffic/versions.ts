// Versions of a target that shares its file with others: what tells a change of the target from one beside it. Pure but for
// the hash.
import { createHash } from 'node:crypto'
import { type Json, canonicalJson } from '../../workflows/json.ts'

export interface VersionParts {
  /** What differs after every write, even of the same content; holds no line break. */
  identity: string
  /** What the target is, in every place. */
  own: Json
  /** All else that a write to the target leaves as it is. */
  beside: Json
}

export function versionOfParts({ identity, own, beside }: VersionParts): string {
  return [identity, digestOf(own), digestOf(beside)].join(' ')
}

/** What changed since a version was looked at. */
export function changedSince(
  version: string,
  now: string,
): { own: boolean; beside: boolean; version: boolean } {
  const [[was, ownWas, restWas], [is, own, rest]] = [partsOf(version), partsOf(now)]
  return { own: ownWas !== own, beside: restWas !== rest, version: was !== is }
}

function partsOf(version: string): string[] {
  return /^(.*) (\S+) (\S+)$/s.exec(version)?.slice(1) ?? [version, '', '']
}

function digestOf(content: Json): string {
  return createHash('sha256').update(canonicalJson(content)).digest('hex').slice(0, DIGEST_CHARACTERS)
}

const DIGEST_CHARACTERS = 16 // 64 bits: no two files meet by chance
