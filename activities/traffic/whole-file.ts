// A file that another process reads: read whole, replaced whole by rename, never written in place (a reader would see a part
// of it, and Envoy ignores it).
import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { lstat, open, readFile, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

export interface WholeFile {
  text: string
  /** Access rights of the file, kept by its replacement. */
  mode: number
  /** null: whoever makes it. */
  owner: { user: number; group: number } | null
  /** Differs after every replacement, of the same content too; holds no blank. */
  identity?: string
}

export async function readWhole(path: string, signal: AbortSignal): Promise<WholeFile> {
  const { mode, uid, gid, ino, mtimeNs } = await lstat(path, { bigint: true })
  const text = await readFile(path, { encoding: 'utf8', signal })
  const owner = { user: Number(uid), group: Number(gid) }
  return { text, mode: Number(mode) & 0o7777, owner, identity: `${ino}-${mtimeNs}` }
}

/** A rename would replace the link and leave what it points to. */
export async function isLink(path: string): Promise<boolean> {
  return (await lstat(path)).isSymbolicLink()
}

/** The file is no longer what the replacement was made from. */
export class FileChanged extends Error {}

/**
 * On return the new content is durable and in place, unless the file no longer says `from` (null: there is none): looked at
 * last, right before the rename, since a rename itself cannot compare. Readers see the old or the new file, never a part of one.
 * `by`: the folder in which the new one is made, for readers that act on whatever happens in the file's own; on the same file system.
 */
export async function replaceWhole(
  path: string,
  { from, to: file, by = dirname(path) }: { from: string | null; to: WholeFile; by?: string },
): Promise<void> {
  // A dot-file beside it is certainly on the same file system, and Envoy acts on the rename only.
  const temporary = join(by, `.${basename(path)}.${randomUUID()}`)
  try {
    const handle = await open(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, file.mode)
    try {
      await handle.writeFile(file.text)
      await handle.chmod(file.mode) // what the process' umask took away
      const made = await handle.stat()
      const { owner } = file
      if (owner !== null && (made.uid !== owner.user || made.gid !== owner.group)) {
        await handle.chown(owner.user, owner.group)
      }
      await handle.sync()
    } finally {
      await handle.close()
    }
    if ((await textOf(path)) !== from) throw new FileChanged('the file was changed meanwhile')
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

async function textOf(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
