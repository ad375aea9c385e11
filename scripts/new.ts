// `npm run new-provider PORT NAME` and `npm run new-step KIND`: the files that docs/adding-a-provider.md and docs/adding-a-step.md
// describe, compiling and refusing to work until they are written. Never overwrites; then renews what is generated.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ROOT } from './generate/folders.ts'
import { PORTS, providerFiles } from './new/provider.ts'
import { stepFiles } from './new/step.ts'

const USAGE_EXIT = 2
const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/
const KIND = /^[a-z][a-z0-9]*$/
const USAGE = `usage: npm run new-provider PORT NAME   (${Object.keys(PORTS).join(', ')}; a name such as nginx or http-json)
       npm run new-step KIND           (one word, such as soak)`

const files = wanted(process.argv.slice(2))
if (files === null) {
  console.error(USAGE)
  process.exitCode = USAGE_EXIT
} else write(files)

function wanted([what, ...words]: string[]): { [file: string]: string } | null {
  const [first = '', second = ''] = words
  if (what === 'provider' && Object.hasOwn(PORTS, first) && NAME.test(second) && words.length === 2)
    return providerFiles(first as keyof typeof PORTS, second)
  return what === 'step' && KIND.test(first) && words.length === 1 ? stepFiles(first) : null
}

function write(all: { [file: string]: string }): void {
  const there = Object.keys(all).filter((file) => existsSync(join(ROOT, file)))
  if (there.length > 0) {
    console.error(`there already, and not overwritten: ${there.join(', ')}`)
    process.exitCode = 1
    return
  }
  for (const [file, text] of Object.entries(all)) {
    mkdirSync(dirname(join(ROOT, file)), { recursive: true })
    writeFileSync(join(ROOT, file), text)
    console.log(`written: ${file}`)
  }
  const sources = Object.keys(all).filter((file) => file.endsWith('.ts'))
  spawnSync(join(ROOT, 'node_modules/.bin/oxfmt'), sources, { cwd: ROOT, stdio: 'ignore' })
  const { status } = spawnSync(process.execPath, [join(ROOT, 'scripts/generate.ts')], { stdio: 'inherit' })
  console.log('Every line that says WRITE is yours. Then: npm run check')
  process.exitCode = status ?? 1
}
