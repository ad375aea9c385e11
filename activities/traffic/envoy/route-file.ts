// The route file on disk: read whole, replaced whole by rename, never written in place (Envoy ignores that).
import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { lstat, open, readFile, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

export interface RouteFile {
  text: string
  /** Access rights of the file, kept by its replacement. */
  mode: number
  owner: { user: number; group: number }
}

export async function readRouteFile(path: string, signal: AbortSignal): Promise<RouteFile> {
  const { mode, uid, gid } = await lstat(path)
  const text = await readFile(path, { encoding: 'utf8', signal })
  return { text, mode: mode & 0o7777, owner: { user: uid, group: gid } }
}

/** A rename would replace the link and leave what it points to. */
export async function isLink(path: string): Promise<boolean> {
  return (await lstat(path)).isSymbolicLink()
}

/** The file is no longer what the replacement was made from. */
export class RouteFileChanged extends Error {}

/**
 * On return the new content is durable and in place, unless the file no longer says `from`: looked at last, right
 * before the rename, since a rename itself cannot compare. Readers see the old or the new file, never a part of one.
 */
export async function replaceRouteFile(
  path: string,
  { from, to: file }: { from: string; to: RouteFile },
): Promise<void> {
  // A dot-file beside it: certainly the same file system, and Envoy acts on the rename only.
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}`)
  try {
    const handle = await open(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, file.mode)
    try {
      await handle.writeFile(file.text)
      await handle.chmod(file.mode) // what the process' umask took away
      const made = await handle.stat()
      if (made.uid !== file.owner.user || made.gid !== file.owner.group) {
        await handle.chown(file.owner.user, file.owner.group)
      }
      await handle.sync()
    } finally {
      await handle.close()
    }
    if ((await readFile(path, 'utf8')) !== from)
      throw new RouteFileChanged('the route file was changed meanwhile')
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  const folder = await open(dirname(path), constants.O_RDONLY)
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
