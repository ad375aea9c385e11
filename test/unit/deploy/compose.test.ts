// What docker-compose.yml promises: the search attributes of the code, ports on loopback only, no secret written down.
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { attributes } from '../../../workflows/messages.ts'

const root = resolve(import.meta.dirname, '../../..')
const read = (path: string): string => readFileSync(resolve(root, path), 'utf8')

type Service = {
  profiles?: string[]
  ports?: string[]
  volumes?: string[]
  environment?: Record<string, string>
  healthcheck?: { test: unknown[] }
  entrypoint?: string[]
  depends_on?: Record<string, { condition: string }>
  image?: string
  build?: { context: string; dockerfile: string }
}
const text = read('docker-compose.yml')
const { services, volumes } = parse(text, { merge: true }) as {
  services: Record<string, Service>
  volumes: Record<string, null>
}
const all = Object.entries(services)

describe('the compose file', () => {
  it('creates exactly the search attributes that runs write', () => {
    const script = read('deploy/temporal/create-namespace.sh')
    const created = [...script.matchAll(/--name (\w+) --type (\w+)/g)].map(([, name, type]) => [name, type])
    const written = Object.values(attributes).map(({ name, type }) => [
      name,
      type === 'INT' ? 'Int' : 'Keyword',
    ])
    expect(created.sort()).toEqual(written.sort())
  })

  it('publishes ports on loopback only', () => {
    const ports = all.flatMap(([, { ports: published = [] }]) => published)
    expect(ports.length).toBeGreaterThan(0)
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+(\/(tcp|udp))?$/)
  })

  it('has every service in a profile, and checks the health of all that stay up', () => {
    for (const [name, service] of all) {
      expect(
        service.profiles?.filter((profile) => profile === 'core' || profile === 'lab'),
        name,
      ).toHaveLength(1)
      const endsByItself = service.entrypoint !== undefined
      expect(service.healthcheck !== undefined, name).toBe(!endsByItself)
      for (const word of service.healthcheck?.test ?? []) expect(word, name).toBeTypeOf('string')
    }
  })

  it('waits only for services of the same profile', () => {
    for (const [name, { profiles, depends_on = {} }] of all)
      for (const other of Object.keys(depends_on)) expect(services[other]?.profiles, name).toEqual(profiles)
  })

  it('writes no secret down: values come from the environment, with a default for the lab only', () => {
    for (const [name, { environment = {} }] of all) {
      for (const [key, value] of Object.entries(environment)) {
        if (!/PASSWORD|PWD|KEY|TOKEN|SECRET/.test(key) || key === 'CUTOVER_SECRETS') continue // that one holds references
        expect(value, `${name} ${key}`).toMatch(/^\$\{CUTOVER_\w+:(\?.+|-lab-only)\}$/)
      }
    }
  })

  it('names files and volumes that exist, and no floating image', () => {
    for (const [, { volumes: mounts = [], image, build }] of all) {
      for (const mount of mounts) {
        const [from = ''] = mount.split(':')
        if (from.startsWith('./')) expect(existsSync(resolve(root, from)), from).toBe(true)
        else expect(volumes).toHaveProperty(from)
      }
      if (build !== undefined) expect(read(build.dockerfile)).toContain('ENTRYPOINT')
      else expect(image).toMatch(/:\$\{\w+:-v?\d[\d.]*\}$/)
    }
  })
})
