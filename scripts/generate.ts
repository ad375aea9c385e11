// Writes what is generated from the code: schema/runbook.json. With --check it writes nothing and fails when that is stale.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { runbookJsonSchema } from '../client/runbook/json-schema.ts'
import { allSpecs } from '../client/runbook/load.ts'

const FILE = resolve(import.meta.dirname, '../schema/runbook.json')

const text = `${JSON.stringify(runbookJsonSchema(allSpecs()), null, 2)}\n`
const present = await readFile(FILE, 'utf8').catch(() => null) // not there yet: the same as stale

if (present === text) {
  console.log('schema/runbook.json is up to date')
} else if (process.argv.includes('--check')) {
  console.error('schema/runbook.json is stale: run `npm run generate` and commit it')
  process.exitCode = 1
} else {
  await mkdir(dirname(FILE), { recursive: true })
  await writeFile(FILE, text)
  console.log('schema/runbook.json written')
}
