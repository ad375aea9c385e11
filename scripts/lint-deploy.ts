// What is written for containers, by the linters of its own kind: hadolint for the image, dclint for the compose file (its
// schema, ports that are bound twice, names that clash). Part of `npm run check`; starts no container.
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { findTool } from './find-servers.mjs'
import { ensureTools } from './setup.mjs'

const ROOT = join(import.meta.dirname, '..')

await ensureTools(['hadolint'])
const hadolint = findTool('hadolint')
const commands = [
  [join(ROOT, 'node_modules/.bin/dclint'), '--max-warnings', '0', 'docker-compose.yml'],
  ...(hadolint === undefined ? [] : [[hadolint, ...globSync('deploy/*.Dockerfile', { cwd: ROOT })]]),
]
const failed = commands.filter(
  ([command = '', ...args]) => spawnSync(command, args, { cwd: ROOT, stdio: 'inherit' }).status !== 0,
)
if (hadolint === undefined) console.error('hadolint is not installed: deploy/*.Dockerfile was not looked at')
process.exitCode = failed.length === 0 && hadolint !== undefined ? 0 : 1
