// The last way to Temporal's CLI: the download that the TypeScript SDK makes for its own tests, where the internet is open.
// A program of its own, run under Node 24 once the packages are there; prints the path of the executable.
import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { TestWorkflowEnvironment } from '@temporalio/testing'
import { privateRoot } from './paths.mjs'

const folder = join(privateRoot, 'sdk-download')
mkdirSync(folder, { recursive: true })
const environment = await TestWorkflowEnvironment.createLocal({
  server: { executable: { type: 'cached-download', downloadDir: folder } },
})
await environment.teardown()
const [newest] = readdirSync(folder)
  .map((name) => join(folder, name))
  .filter((path) => (statSync(path).mode & 0o111) !== 0)
  .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)
process.stdout.write(newest ?? '')
