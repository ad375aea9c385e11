// cutover report: what a run did, with its evidence, as a page for people or JSON for programs.
import { expectArgs, textFlag } from '../arguments.ts'
import type { Command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { Problem } from '../problem.ts'
import { RUN } from './decision.ts'

export const report: Command = {
  name: 'report',
  usage: 'report SERVICE [--run ID] [--out FILE|DIR] [--partial] [-o json]',
  about: 'Write what a run did: planned against actual, every change, guard and decision.',
  details: `Writes one self-contained HTML page (nothing is loaded from elsewhere) and, beside it, the same as JSON.
-o json prints the JSON instead; --out then is not needed. Needs a worker, which is asked for half a minute; with
--partial what only a worker knows is left out and called unknown.`,
  examples: ['cutover report orders', 'cutover report orders --out reports/ --run 01a21ac3'],
  flags: [
    RUN,
    { name: 'out', value: 'FILE|DIR', about: 'Where to; default: cutover-SERVICE-RUN.html in this folder' },
    { name: 'partial', about: 'Where no worker answers, report what the Temporal server knows' },
  ],
  async run({ args, flags, out, temporal }) {
    const [service = ''] = expectArgs(args, ['SERVICE'], this.usage)
    const access = await temporal()
    const [{ readRun }, { toldInPart }] = await Promise.all([
      import('../../view/read.ts'),
      import('../run/trouble-problem.ts'),
    ])
    const { reportOf } = await import('../../view/report.ts')
    const isPartial = flags['partial'] === true
    const reading = { runId: textFlag(flags, 'run'), isPatient: !isPartial, progress: out.error }
    const { view, answer } = await readRun(access, service, reading)
    if (view.stale !== null && !isPartial) throw toldInPart(view, `cutover report ${service} --partial`)
    const { version } = await import('../version.ts')
    const found = reportOf(answer, view, { writtenAt: new Date().toISOString(), writtenBy: version() })
    const target = textFlag(flags, 'out')
    if (out.json && target === undefined) {
      out.document(found)
      return EXIT.done
    }
    const { reportHtml } = await import('../output/report-html.ts')
    const page = await pathFor(target, `cutover-${service}-${view.runId.slice(0, 8)}.html`)
    const data = `${page.replace(/\.html?$/i, '')}.json`
    const json = `${JSON.stringify(found, null, 2)}\n`
    const { createHash } = await import('node:crypto')
    const { uiLink } = await import('../temporal-ui.ts')
    const facts = { uiLink: uiLink(access, view), sha256: createHash('sha256').update(json).digest('hex') }
    const made = await folderOf(page)
    if (made !== undefined) out.error(`made the folder ${made}`)
    await write(page, reportHtml(found, facts))
    await write(data, json)
    if (out.json) out.document(found)
    else for (const path of [page, data]) out.line(`wrote ${path}`)
    return EXIT.done
  },
}

async function pathFor(target: string | undefined, name: string): Promise<string> {
  const { join } = await import('node:path')
  if (target === undefined) return name
  return (await isFolder(target)) || target.endsWith('/') ? join(target, name) : target
}

async function isFolder(path: string): Promise<boolean> {
  const { stat } = await import('node:fs/promises')
  return await stat(path).then(
    (found) => found.isDirectory(),
    () => false, // absent: it is going to be a file
  )
}

/** Makes the folder of a file; gives the first one that was not there, which may be a slip. */
async function folderOf(path: string): Promise<string | undefined> {
  const { mkdir } = await import('node:fs/promises')
  const { dirname } = await import('node:path')
  try {
    return await mkdir(dirname(path), { recursive: true })
  } catch (cause) {
    throw unwritable(path, cause)
  }
}

async function write(path: string, text: string): Promise<void> {
  const { writeFile } = await import('node:fs/promises')
  try {
    await writeFile(path, text)
  } catch (cause) {
    throw unwritable(path, cause)
  }
}

function unwritable(path: string, cause: unknown): Problem {
  return new Problem({
    what: `${path} cannot be written`,
    why: (cause as Error).message,
    todo: ['name another place with --out'],
    cause,
  })
}
