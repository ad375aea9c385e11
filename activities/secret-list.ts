// The list of secrets that runbooks may use on a worker: references, a `*` at the end of one standing for anything.
import { realpath } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'

/** Judges the file that is really meant: neither `..` nor a link leads out of a listed folder, and that may itself be a link. */
export async function isListed(reference: string, list: readonly string[]): Promise<boolean> {
  const meant = await meantBy(reference)
  const listed = await Promise.all(list.map(patternMeantBy))
  return listed.some((each) => (each.endsWith('*') ? meant.startsWith(each.slice(0, -1)) : meant === each))
}

async function meantBy(reference: string): Promise<string> {
  if (!reference.startsWith('file:')) return reference
  return `file:${await real(reference.slice('file:'.length))}`
}

async function patternMeantBy(pattern: string): Promise<string> {
  if (!pattern.endsWith('*') || !pattern.startsWith('file:')) return await meantBy(pattern)
  const path = pattern.slice('file:'.length)
  return `file:${join(await real(dirname(path)), basename(path))}`
}

async function real(path: string): Promise<string> {
  return await realpath(path).catch(() => resolve(path)) // not there: reading it will say so
}
