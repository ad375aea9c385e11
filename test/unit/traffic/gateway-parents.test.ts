// What controllers say of a route: Gateways and Services as parents, controllers that date their conditions and one that does not.
import { expect, test } from 'vitest'
import type { HttpRoute, ParentStatus } from '../../../activities/traffic/gateway-api/http-route.ts'
import { readingOf } from '../../../activities/traffic/gateway-api/parents.ts'

const condition = (type: string, observedGeneration?: number, status = 'True') => ({
  type,
  status,
  reason: status === 'True' ? type : 'BackendNotFound',
  message: '',
  ...(observedGeneration !== undefined && { observedGeneration }),
})

const route = (parentRef: object, parents: ParentStatus[]): HttpRoute => ({
  metadata: { name: 'orders', namespace: 'shop', uid: 'u', resourceVersion: '1', generation: 3 },
  spec: { parentRefs: [parentRef as { name: string }], rules: [] },
  status: { parents },
})

const SERVICE = { group: '', kind: 'Service', name: 'orders', port: 80 }

test('a Service as the parent is told from a Gateway of its name, however its group is written', () => {
  for (const group of ['', 'core']) {
    const parentRef = { ...SERVICE, group, namespace: 'shop' }
    const conditions = ['Accepted', 'ResolvedRefs'].map((type) => condition(type, 3))
    const reading = readingOf(route(SERVICE, [{ parentRef, conditions }]))
    expect(reading).toMatchObject({ upTo: 3, silent: [], undated: [], refusals: [] })
    const { silent } = readingOf(route({ name: 'orders', port: 80 }, [{ parentRef, conditions }]))
    expect(silent).toEqual(['Gateway orders'])
  }
})

test('a controller that says of no generation that it has read it is never waited for, and named', () => {
  const conditions = ['Accepted', 'ResolvedRefs'].map((type) => condition(type))
  const parentRef = { ...SERVICE, group: 'core', namespace: 'shop' }
  const controllerName = 'linkerd.io/policy-controller'
  const reading = readingOf(route(SERVICE, [{ parentRef, controllerName, conditions }]))
  expect(reading).toMatchObject({ upTo: null, silent: [], refusals: [] })
  expect(reading.undated).toEqual(['linkerd.io/policy-controller of Service orders'])
  expect(reading.lines).toEqual(['Service orders: of no generation'])
})

test('what it refuses counts for now; a condition that is missing was not read', () => {
  const parentRef = { ...SERVICE, group: 'core', namespace: 'shop' }
  const refused = [condition('Accepted'), condition('ResolvedRefs', undefined, 'False')]
  expect(readingOf(route(SERVICE, [{ parentRef, conditions: refused }])).refusals).toEqual([
    { type: 'ResolvedRefs', words: 'Service orders: ResolvedRefs is False: BackendNotFound' },
  ])
  expect(readingOf(route(SERVICE, [{ parentRef, conditions: [condition('Accepted')] }])).upTo).toBe(0)
  const old = ['Accepted', 'ResolvedRefs'].map((type) => condition(type, 2, 'False'))
  expect(readingOf(route(SERVICE, [{ parentRef, conditions: old }]))).toMatchObject({ upTo: 2, refusals: [] })
})
