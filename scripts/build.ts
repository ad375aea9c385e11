// `npm run build`: the program, its types, the workflow bundle and source maps in dist/, which is what the package and the
// image hold (docs/adr/0017). Every file lies in dist/ itself, so that what is found beside the source is found there too.
import { execFileSync } from 'node:child_process'
import { globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DefaultLogger, bundleWorkflowCode } from '@temporalio/worker'
import { BUNDLE_OPTIONS } from '../worker/bundle.ts'
import { bundleProgram } from './build/program.ts'
import { noticesOf } from './build/notices.ts'

const ROOT = join(import.meta.dirname, '..')
const OUT = join(ROOT, 'dist')

const started = Date.now()
const fresh = join(ROOT, '.cutover', `dist-${process.pid}`) // whoever runs the old one meanwhile never meets half of the new one
mkdirSync(fresh, { recursive: true })
try {
  const packages = await bundleProgram(ROOT, fresh)
  writeFileSync(join(fresh, 'THIRD-PARTY-NOTICES.txt'), noticesOf(ROOT, packages))
  const { code } = await bundleWorkflowCode({ ...BUNDLE_OPTIONS, logger: new DefaultLogger('WARN') })
  writeFileSync(join(fresh, 'workflow-bundle.js'), code)
  declareTypes(join(fresh, 'types'))
  rmSync(OUT, { recursive: true, force: true })
  renameSync(fresh, OUT)
} finally {
  rmSync(fresh, { recursive: true, force: true })
}
console.log(`built dist/ in ${((Date.now() - started) / 1_000).toFixed(1)} s`)

/** The compiler leaves `.ts` in the imports of declarations; a package that is installed has none. */
function declareTypes(folder: string): void {
  const tsc = join(ROOT, 'node_modules', '.bin', 'tsc')
  execFileSync(tsc, ['--project', 'tsconfig.build.json', '--outDir', folder], { cwd: ROOT, stdio: 'inherit' })
  for (const file of globSync('**/*.d.ts', { cwd: folder })) {
    const path = join(folder, file)
    const text = readFileSync(path, 'utf8')
    writeFileSync(path, text.replaceAll(/(\bfrom |\bimport\()(['"])(\.[^'"]*)\.ts\2/g, '$1$2$3.js$2'))
  }
}
