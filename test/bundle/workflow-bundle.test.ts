// What is inside the workflow bundle: the engine, Temporal's own code, and nothing else. A package or a file more is a
// decision to be made here, because everything in it is loaded for every cached run and must be deterministic.
import { join, relative } from 'node:path'
import { DefaultLogger, bundleWorkflowCode } from '@temporalio/worker'
import type { BundleOptions } from '@temporalio/worker'
import { BUNDLE_OPTIONS } from '../../worker/bundle.ts'
import { beforeAll, describe, expect, it } from 'vitest'

type Configure = NonNullable<BundleOptions['webpackConfigHook']>

const ROOT = join(import.meta.dirname, '../..')
const BUNDLE_BYTES_MAX = 3_200_000 // 3.05 MB with source maps, most of it Temporal's; zod alone would add a megabyte
const PACKAGES = [
  '@temporalio/common',
  '@temporalio/workflow',
  'long', // 64-bit numbers of Temporal's protocol
  'ms', // durations of Temporal's options
  'nexus-rpc', // comes with @temporalio/common
]

/** Relative paths of the modules inside, as webpack counts them. */
const files: string[] = []
let text = ''

beforeAll(async () => {
  const { code } = await bundleWorkflowCode({
    ...BUNDLE_OPTIONS,
    logger: new DefaultLogger('ERROR'),
    webpackConfigHook: noteModules,
  })
  text = code
})

describe('the workflow bundle', () => {
  it('holds the packages on the list and no other: no zod, nothing of node', () => {
    const packages = new Set(files.flatMap((file) => packageOf(file) ?? []))
    expect([...packages].toSorted()).toEqual(PACKAGES)
  })

  it('holds files of workflows/ only: nothing of activities, client or worker', () => {
    const own = files.filter((file) => packageOf(file) === null)
    expect(own).toContain('workflows/cutover.ts')
    expect(own.filter((file) => !file.startsWith('workflows/'))).toEqual([])
  })

  it('holds no schema: they belong to the edges', () => {
    expect(files.filter((file) => /^workflows\/.*schemas?\.ts$/.test(file))).toEqual([])
  })

  it('is loaded once for all runs of a worker, not once for each', () => {
    expect(text).toMatch(/function preloadModules\(\) \{\s+__webpack_require__\([^)]*workflows\/index\.ts"\)/)
  })

  it('stays small', () => {
    const bytes = text.length
    console.log(
      `workflow bundle: ${Math.round(bytes / 1_000).toLocaleString('en')} kB, ${files.length} modules`,
    )
    expect(bytes).toBeLessThan(BUNDLE_BYTES_MAX)
  })
})

const noteModules: Configure = (config) => ({
  ...config,
  plugins: [
    ...(config.plugins ?? []),
    {
      apply(compiler) {
        compiler.hooks.done.tap('note modules', ({ compilation }) => {
          for (const module of compilation.modules) {
            if ('resource' in module && typeof module.resource === 'string' && module.resource !== '')
              files.push(relative(ROOT, module.resource))
          }
        })
      },
    },
  ],
})

/** `node_modules/long/umd/index.js` -> `long`; null for our own files. */
function packageOf(file: string): string | null {
  return /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? null
}
