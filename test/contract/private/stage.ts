// What the tests of private connections share: two authorities, a server that asks for certificates, a worker's view of it.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { connector } from '../../../activities/connect.ts'
import type { Deps } from '../../../activities/provider.ts'
import { connectSecrets } from '../../../activities/secrets.ts'
import { type Folder, createFolder } from '../../../lab/folder.ts'
import type { JsonObject } from '../../../workflows/json.ts'
import type { PlannedConnection } from '../../../workflows/plan.ts'
import type { PortName } from '../../../workflows/ports/index.ts'
import { type Authority, type CertificateFiles, createAuthority } from '../../certificates.ts'
import { io } from '../changing.ts'
import { testDeps } from '../deps.ts'
import { wordsOf } from '../said.ts'

export interface Stage {
  folder: Folder
  /** Signs the server and the worker. */
  own: Authority
  /** Signs neither. */
  other: Authority
  server: CertificateFiles
  worker: CertificateFiles
}

export async function createStage(): Promise<Stage> {
  const folder = createFolder('private')
  const at = (name: string): string => join(folder.path, name)
  const [own, other] = await Promise.all([
    createAuthority(at('own'), 'own authority'),
    createAuthority(at('other'), 'other authority'),
  ])
  return { folder, own, other, server: await own.issue('server'), worker: await own.issue('worker') }
}

export interface Asked {
  /** What came back: the number, or `Kind: message`. */
  ask(): Promise<unknown>
  lines: string[]
  /** Everything that was said, with causes. */
  said: string[]
}

/** A number of an HTTP endpoint, asked as a run asks it: by the worker's connector, with the worker's secrets. */
export function asking(config: JsonObject, env: Record<string, string> = {}, allowed?: string[]): Asked {
  const deps = depsWith(env, allowed)
  const port = connector(deps).portOf(planned('metrics/http-json', 'metrics', config), 'metrics')
  const said: string[] = []
  return {
    said,
    lines: deps.lines,
    async ask() {
      try {
        const seen = await port.query('/number value', io())
        return seen.kind === 'value' ? seen.value : seen.why
      } catch (error) {
        said.push(wordsOf(error))
        return `${(error as { type?: string }).type}: ${(error as Error).message}`
      }
    },
  }
}

export function depsWith(env: Record<string, string> = {}, allowed?: string[]): Deps & { lines: string[] } {
  return { ...testDeps(), secrets: connectSecrets(env, allowed ?? null) }
}

export function planned(provider: string, port: PortName, config: JsonObject): PlannedConnection {
  return { name: 'there', provider, port, config, landsWithin: '1s', showsWithin: '1s' }
}

export const contentOf = ({ cert, key }: CertificateFiles) => ({
  cert: readFileSync(cert, 'utf8'),
  key: readFileSync(key, 'utf8'),
})
