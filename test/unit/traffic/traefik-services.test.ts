// Weights of a weighted service in a file of Traefik: exact there and back, and nothing that other places of the file share.
import { describe, expect, it } from 'vitest'
import { edited, figuresIn, valueOf } from '../../../activities/traffic/traefik/services.ts'
import type { TraefikConfig } from '../../../activities/traffic/traefik/schema.ts'
import type { Split } from '../../../workflows/ports/traffic.ts'

const config = { service: 'orders', old: 'v1', new: 'v2' } as TraefikConfig

const file = (services: string, more = ''): string =>
  `http:\n  services:\n    orders:\n      weighted:\n        services:${services}\n${more}`
const entries = (old: number | string, fresh: number | string): string =>
  `\n          - name: v1\n            weight: ${old} # ours\n          - name: v2\n            weight: ${fresh}`

const read = (text: string): Split => {
  const figures = figuresIn(text, 'split', config)
  const values = Object.fromEntries(Object.entries(figures).map(([name, { value }]) => [name, value]))
  return valueOf(values, 'split', config) as Split
}
const write = (text: string, desired: Split): string =>
  edited(text, figuresIn(text, 'split', config), { desired, config })

describe('weights in a file of Traefik', () => {
  it.each([
    [1, 0],
    [3, 1],
    [100, 0],
    [1, 2],
    [0, 7],
  ])('of %i and %i come back digit for digit', (old, fresh) => {
    const text = file(entries(old, fresh))
    const before = read(text)
    const canary = write(text, { old: 95, new: 5 })
    expect(canary).toBe(file(entries(95, 5)))
    expect(write(canary, before)).toBe(text)
  })

  it('are refused where a service is named twice', () => {
    const twice = file(`${entries(50, 0)}\n          - name: v1\n            weight: 50`)
    expect(() => read(twice)).toThrow('service orders names v1 twice: write it once')
  })

  it('are refused where other places repeat them: users of those would be moved too', () => {
    const admin = '    admin:\n      weighted:\n        services: *shared\n'
    expect(() => read(file(` &shared${entries(100, 0)}`, admin))).toThrow(
      'http.services.orders.weighted.services stands under &shared, which other places repeat: they would change with it; write them out',
    )
    const number = '    admin:\n      weighted:\n        services: [{ name: v3, weight: *all }]\n'
    expect(() => read(file(entries('&all 100', 0), number))).toThrow('stands under &all')
    expect(read(file(` &shared${entries(100, 0)}`)), 'a name that nobody repeats').toEqual({
      old: 100,
      new: 0,
    })
  })
})
