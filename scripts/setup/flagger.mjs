// The controller of Flagger, for `npm run test:mesh` alone: built from its Go module once per user, its definitions beside it.
// Must run on Node 18.
import { copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { flaggerFolder, flaggerModule } from '../find-servers.mjs'
import { SetupError, run, say, step } from './progress.mjs'
import { missing } from './servers.mjs'

/** Brings it where it is missing; what cannot be brought is told, and missing afterwards. */
export async function ensureFlagger() {
  if (missing(['flagger']).length === 0) return
  try {
    await step('flagger: building, once, for about four minutes on two cores', build)
  } catch (error) {
    say(error.message)
  }
}

/** Built aside and renamed, so that what is found is whole. */
async function build() {
  const { path, version, sum, definitions } = flaggerModule
  const module = `${path}@${version}`
  const fix =
    'install Go 1.26 or newer, check that its module proxy answers (go env GOPROXY), then start again'
  mkdirSync(dirname(flaggerFolder), { recursive: true })
  const aside = mkdtempSync(`${flaggerFolder}-`)
  try {
    const { Dir, Sum } = JSON.parse(await run('go', ['mod', 'download', '-json', module], { fix }))
    if (Sum !== sum) {
      const answer = `its content has the sum ${Sum}, not ${sum}`
      throw new SetupError({ tried: `go mod download ${module}`, answer, fix: 'do not use it' })
    }
    const flags = ['-trimpath', '-buildvcs=false', '-ldflags=-s -w']
    await run('go', ['install', ...flags, `${path}/cmd/flagger@${version}`], { env: { GOBIN: aside }, fix })
    mkdirSync(join(aside, 'crds'))
    copyFileSync(join(Dir, definitions), join(aside, 'crds', 'flagger.yaml'))
    rmSync(flaggerFolder, { recursive: true, force: true })
    renameSync(aside, flaggerFolder)
  } finally {
    rmSync(aside, { recursive: true, force: true })
  }
}
