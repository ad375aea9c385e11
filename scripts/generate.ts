// Writes what is generated: the registries from the folders, then schema/ and parts of docs/ from the code. With --check it
// writes nothing and fails when any of it is stale.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ROOT } from './generate/folders.ts'
import { type Files, lists } from './generate/lists.ts'

const isCheck = process.argv.includes('--check')
const stale: string[] = []

// The lists come first: what follows is made of the code that reads them.
renew(formatted(lists()))
const { documents } = await import('./generate/documents.ts')
renew(documents())
if (stale.length === 0) console.log('everything generated is up to date')
else if (isCheck) {
  console.error(`stale: ${stale.join(', ')}\nrun \`npm run generate\` and commit what it writes`)
  process.exitCode = 1
} else console.log(`written: ${stale.join(', ')}`)

function renew(files: Files): void {
  for (const [file, text] of Object.entries(files)) {
    const path = join(ROOT, file)
    if (existsSync(path) && readFileSync(path, 'utf8') === text) continue
    stale.push(file)
    if (isCheck) continue
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
}

/** As `npm run format` would leave it. */
function formatted(files: Files): Files {
  return Object.fromEntries(
    Object.entries(files).map(([file, text]) => {
      const oxfmt = join(ROOT, 'node_modules/.bin/oxfmt')
      const { stdout, stderr, status } = spawnSync(oxfmt, ['--stdin-filepath', file], {
        input: text,
        cwd: ROOT,
        encoding: 'utf8',
      })
      if (status !== 0) throw new Error(`${file} could not be formatted: ${stderr}`)
      return [file, stdout]
    }),
  )
}
