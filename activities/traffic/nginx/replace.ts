// Replaces the included file and has NGINX read it; a file that it refuses is put back, for it would keep NGINX from starting again.
import { failure, kindOf } from '../../failure.ts'
import type { Io } from '../../../workflows/ports/target.ts'
import { fileFailure } from '../file-failure.ts'
import { FileChanged, type WholeFile, isLink, replaceWhole } from '../whole-file.ts'
import { type Commands, dump, reload } from './commands.ts'
import type { Edge } from './control.ts'

export interface Nginx extends Edge {
  commands: Commands
  /** Sets of members that were seen, the latest last: workers of before a reload lead one of them. */
  cohorts: string[][]
}

export interface Replacement {
  doing: string
  from: WholeFile
  to: WholeFile
}

export async function place({ config }: Nginx, { doing, from, to }: Replacement, io: Io): Promise<void> {
  try {
    io.signal.throwIfAborted()
    if (await isLink(config.file)) {
      const fix = 'change it where it is generated, or name the file itself'
      throw failure('Config', `${doing}: it is a symbolic link; ${fix}`)
    }
    await replaceWhole(config.file, { from: from.text, to })
  } catch (error) {
    if (error instanceof FileChanged) throw error
    throw fileFailure(doing, error, io.signal)
  }
}

/** NGINX has read the new file and been told to serve it; otherwise the file is put back, and what stood in the way is raised. */
export async function taken(
  edge: Nginx,
  placed: Replacement & { isWayBack: boolean },
  io: Io,
): Promise<void> {
  try {
    const text = await dump(edge.commands, io)
    if (!text.includes(placed.to.text.trim())) {
      throw failure(
        'Unavailable',
        `${placed.doing}: the file was changed by someone else right after it was written`,
      )
    }
    await reload(edge.commands, io)
  } catch (error) {
    // On the way back it already says what was there before.
    const fate = placed.isWayBack ? 'the file is left as it is to be' : await putBack(edge, placed)
    throw withWords(error, `${placed.doing}: ${fate}`)
  }
}

/** Not under the call's deadline: the file must not be left behind. Says what became of it. */
async function putBack({ config }: Nginx, { from, to }: Replacement): Promise<string> {
  try {
    await replaceWhole(config.file, { from: to.text, to: from })
    return 'the file was put back'
  } catch (error) {
    return `the file could not be put back (${(error as Error).message})`
  }
}

function withWords(error: unknown, words: string): unknown {
  const kind = kindOf(error)
  return kind === null ? error : failure(kind, `${words}: ${(error as Error).message}`, { cause: error })
}
