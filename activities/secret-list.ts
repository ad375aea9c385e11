// The list of secrets that runbooks may use on a worker: references, a `*` at the end of one standing for anything.
import { realpath } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'

/** Judges the file that is really meant: neither `..` nor a link leads out of a listed folder, and that may itself be a link. */
export async function isListed(reference: string, list: readonly string[]): Promise<boolean> {
  const meant = await meantBy(reference)
  const listed = await Promise.all(list.map(meantBy))
  return listed.some((each) => (each.endsWith('*') ? meant.startsWith(each.slice(0, -1)) : meant === each))
}

async function meantBy(text: string): Promise<string> {
  if (!text.startsWith('file:')) return text
  const path = text.slice('file:'.length)
  return path.endsWith('*')
    ? `file:${await real(dirname(path))}/${basename(path)}`
    : `file:${await real(path)}`
}

async function real(path: string): Promise<string> {
  return await realpath(path).catch(() => resolve(path)) // not there: reading it will say so
}
