// The program as JavaScript: one file for what every verb needs, one for what checking a runbook needs, and one for each
// verb and each entry of the package. What a start waits for is the number of files and what runs in them.
import { relative } from 'node:path'
import { readFileSync } from 'node:fs'
import { type OutputChunk, type Plugin, type RolldownOptions, rolldown } from 'rolldown'

/** The oldest Node that runs the built program. */
const TARGET = 'node22'

/** File in dist/ -> source. */
const ENTRIES = {
  cutover: 'client/main.ts',
  index: 'exports/client.ts',
  provider: 'exports/provider.ts',
  testing: 'exports/testing.ts',
}

/** What `validate` loads, in the order of its imports. */
const CHECKING = [
  'client/commands/validate.ts',
  'client/specs.ts',
  'client/runbook/load.ts',
  'client/runbook/report-problems.ts',
  'client/runbook/checks/promql/faults.ts',
  'client/runbook/checks/promql/cautions.ts',
]

/** That two verbs share a module is meant; the source map holds, for a replaced line stays one line. */
const QUIET = new Set(['INEFFECTIVE_DYNAMIC_IMPORT', 'SOURCEMAP_BROKEN'])

/** Writes the program into a folder; gives the folders of the packages that are now part of it. */
export async function bundleProgram(root: string, folder: string): Promise<string[]> {
  const options = optionsFor(root)
  const start = await reachedBy(['client/main.ts'], options)
  const checking = await reachedBy(CHECKING, options)
  const built = await rolldown({ ...options, input: ENTRIES })
  const { output } = await built.write({
    dir: folder,
    format: 'esm',
    sourcemap: true,
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
    plugins: [lightBuiltins],
    codeSplitting: {
      groups: [
        { name: 'start', test: (id) => start.has(id) && !isEntry(id, root), priority: 2 },
        { name: 'checking', test: (id) => checking.has(id) && !start.has(id), priority: 1 },
      ],
    },
  })
  await built.close()
  const chunks = output.filter((each): each is OutputChunk => each.type === 'chunk')
  const modules = chunks.flatMap(({ moduleIds }) => moduleIds)
  return [
    ...new Set(modules.flatMap((id) => /.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id)?.[0] ?? [])),
  ].sort()
}

/**
 * An `import` of one function of node:fs, node:util or node:crypto loads everything that hangs on their other exports, about
 * 5 ms each (Node 24); the same function taken from the module itself loads nothing more. The number of lines stays.
 */
const lightBuiltins: Plugin = {
  name: 'light-builtins',
  renderChunk: (code) =>
    code.replaceAll(
      /^import \{ ([^}]+) \} from "(node:[\w/]+)";$/gm,
      (_, names: string, module: string) =>
        `const { ${names.replaceAll(' as ', ': ')} } = process.getBuiltinModule("${module}");`,
    ),
}

function optionsFor(root: string): RolldownOptions {
  const manifest = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as {
    dependencies: Record<string, string>
    peerDependencies: Record<string, string>
  }
  const outside = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }).filter(
    (name) => name !== 'zod', // installed for its types alone: as many small files it costs every start more than all the rest
  )
  return {
    cwd: root,
    platform: 'node',
    transform: { target: TARGET },
    external: (id) => outside.some((name) => id === name || id.startsWith(`${name}/`)),
    onLog: (level, log, handler) => QUIET.has(log.code ?? '') || handler(level, log),
  }
}

/** Every module that is loaded before the first line of these runs; what is imported later, when it is needed, is not. */
async function reachedBy(sources: string[], options: RolldownOptions): Promise<Set<string>> {
  const built = await rolldown({ ...options, input: sources })
  const { output } = await built.generate({ format: 'esm' })
  await built.close()
  const chunks = output.filter((each): each is OutputChunk => each.type === 'chunk')
  const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]))
  const reached = new Set<OutputChunk>()
  const follow = (chunk: OutputChunk | undefined): void => {
    if (chunk === undefined || reached.has(chunk)) return
    reached.add(chunk)
    for (const name of chunk.imports) follow(byName.get(name))
  }
  for (const chunk of chunks) if (chunk.isEntry) follow(chunk)
  return new Set([...reached].flatMap(({ moduleIds }) => moduleIds))
}

function isEntry(id: string, root: string): boolean {
  return Object.values(ENTRIES).includes(relative(root, id))
}
