// Whether the socket would take a write, asked without one: it tells the level of the connection to whoever is on it.
// https://docs.haproxy.org/2.6/management.html#9.3 ("show cli level"): user, operator or admin; weights need admin.
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Io } from '../../../workflows/ports/target.ts'
import { failure } from '../../failure.ts'
import { ask } from './client.ts'
import { fileRefused, refused } from './refusals.ts'
import type { HaproxyConfig } from './schema.ts'
import { workersOf } from './workers.ts'

const NEEDED = 'admin'

/** Socket and state file. Raises Denied, and what a look raises. */
export async function permitted(config: HaproxyConfig, io: Io): Promise<string> {
  const { signal } = io
  const level = await writeLevel(config, io)
  const files = [
    ...(config.state_file === undefined ? [] : [{ of: 'the state file', file: config.state_file }]),
    ...(config.cohort?.file === undefined ? [] : [{ of: 'the map file', file: config.cohort.file }]),
  ]
  const words = [level]
  for (const { of, file } of files) {
    await access(dirname(file), constants.W_OK | constants.X_OK).catch((error: unknown) => {
      throw fileRefused(`replacing ${of} ${file}`, error, signal)
    })
    words.push(`${dirname(file)} may be written, so ${of} can be replaced`)
  }
  return words.join('; ')
}

async function writeLevel(config: HaproxyConfig, io: Io): Promise<string> {
  const { socket } = config
  const { signal } = io
  const { present } = await workersOf(config, io)
  const doing = `asking ${socket} for its level`
  const reply = await ask(present, 'show cli level', signal).catch((error: unknown) => {
    throw refused({ doing, writes: false }, error, signal)
  })
  const level = reply.trim()
  if (level === NEEDED) return `${socket} is at level ${NEEDED}`
  if (level === 'user' || level === 'operator')
    throw failure(
      'Denied',
      `${doing}: it is "${level}", and weights need \`level admin\` on the stats socket`,
    )
  return `${socket} does not tell its level; whether weights may be set was not tried` // a proxy before it, or an older HAProxy
}
