// The workflow code as one file, built from source and kept under the hash of that source, so that a worker that is
// restarted is back at once. A changed source is another file: what is run is never older than what is read. The built
// package brings its own (scripts/build.ts) and builds nothing: where it runs, nothing may be written.
import { createHash } from 'node:crypto'
import {
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BundleOptions, WorkflowBundleOption } from '@temporalio/worker'
import { DefaultLogger, bundleWorkflowCode } from '@temporalio/worker'

const KEPT_MS = 24 * 60 * 60 * 1_000 // a bundle of 1.5 MB whose source has changed since is of no use to anybody

const ROOT = fileURLToPath(new URL('../workflows/', import.meta.url))

/**
 * The engine holds no state of its own, so all runs of a worker may share its code: loaded once and frozen, not once per
 * cached run (docs/measurements.md has the heap of each).
 */
export const BUNDLE_OPTIONS = {
  workflowsPath: join(ROOT, 'index.ts'),
  payloadConverterPath: join(ROOT, 'payloads.ts'),
  preloadModules: [join(ROOT, 'index.ts')],
  workflowInterceptorModules: [join(ROOT, 'tasks-only.ts')],
} satisfies Partial<BundleOptions>

const OWN_FOLDER = fileURLToPath(new URL('../.cutover/bundles/', import.meta.url))

const SHIPPED = fileURLToPath(new URL('./workflow-bundle.js', import.meta.url)) // beside the built program only

/** As it was shipped; in a checkout from the folder that is named or its own, built where there is none, in memory if need be. */
export async function loadWorkflowBundle(folder: string | null = null): Promise<WorkflowBundleOption> {
  if (existsSync(SHIPPED)) return { codePath: SHIPPED }
  const name = `${hashOfSource()}.js`
  for (const each of folder === null ? [OWN_FOLDER] : [folder, OWN_FOLDER]) {
    const codePath = join(each, name)
    if (existsSync(codePath)) return { codePath }
  }
  const { code } = await bundleWorkflowCode({ ...BUNDLE_OPTIONS, logger: new DefaultLogger('WARN') })
  try {
    return { codePath: keep(folder ?? OWN_FOLDER, name, code) }
  } catch {
    return { code } // a read-only image, another user's folder, a full disk: it is built again at the next start
  }
}

function keep(folder: string, name: string, code: string): string {
  mkdirSync(folder, { recursive: true })
  for (const other of globSync('*.js*', { cwd: folder })) {
    const path = join(folder, other)
    const written = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()
    if (Date.now() - written > KEPT_MS) rmSync(path, { force: true })
  }
  const codePath = join(folder, name)
  const temporary = `${codePath}.${process.pid}` // several workers may build at once: the rename makes each whole
  writeFileSync(temporary, code)
  renameSync(temporary, codePath)
  return codePath
}

function hashOfSource(): string {
  const hash = createHash('sha256').update(sdkVersion())
  hash.update(readFileSync(fileURLToPath(import.meta.url))) // how it is bundled
  for (const name of globSync('**/*.ts', { cwd: ROOT }).sort()) {
    hash
      .update(name)
      .update('\0')
      .update(readFileSync(join(ROOT, name)))
      .update('\0')
  }
  return hash.digest('hex').slice(0, 32)
}

function sdkVersion(): string {
  const { version } = createRequire(import.meta.url)('@temporalio/workflow/package.json') as {
    version: string
  }
  return version
}
