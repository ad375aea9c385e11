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

test('what it refuses counts for now; a condition that it never writes is not waited for', () => {
  const parentRef = { ...SERVICE, group: 'core', namespace: 'shop' }
  const refused = [condition('Accepted'), condition('ResolvedRefs', undefined, 'False')]
  expect(readingOf(route(SERVICE, [{ parentRef, conditions: refused }])).refusals).toEqual([
    { type: 'ResolvedRefs', words: 'Service orders: ResolvedRefs is False: BackendNotFound' },
  ])
  const accepted = readingOf(route(SERVICE, [{ parentRef, conditions: [condition('Accepted', 3)] }]))
  expect(accepted).toMatchObject({ upTo: 3, late: [] })
  const old = ['Accepted', 'ResolvedRefs'].map((type) => condition(type, 2, 'False'))
  expect(readingOf(route(SERVICE, [{ parentRef, conditions: old }]))).toMatchObject({ upTo: 2, refusals: [] })
})

const EDGE = { name: 'edge' }
const entry = (controllerName: string, generation: number, parentRef = EDGE): ParentStatus => ({
  parentRef,
  controllerName,
  conditions: ['Accepted', 'ResolvedRefs'].map((type) => condition(type, generation)),
})

test('an entry of a parent that the route names no more is nobody that is waited for', () => {
  const reading = readingOf(route(EDGE, [entry('a.example/x', 3), entry('a.example/x', 1, { name: 'past' })]))
  expect(reading).toMatchObject({ upTo: 3, late: [], silent: [] })
})

test('an entry of another controller for the same parent is waited for, until somebody says whose word counts', () => {
  const parents = [entry('new.example/gateway', 3), entry('gone.example/gateway', 1)]
  const { upTo, late } = readingOf(route(EDGE, parents))
  expect(upTo).toBe(1)
  expect(late).toEqual([
    'gone.example/gateway of Gateway edge has read generation 1 of 3, while another controller of it has read the present one: if it is gone, take its entry out of status.parents (kubectl edit httproute orders -n shop --subresource=status) or name those that serve users in controllers',
  ])
  expect(readingOf(route(EDGE, parents), ['new.example/gateway'])).toMatchObject({ upTo: 3, late: [] })
  expect(readingOf(route(EDGE, parents), ['mistyped.example/x'])).toMatchObject({
    upTo: null,
    silent: ['Gateway edge'],
  })
})

test('who writes only which policies there are, or nothing at all, is no controller of the route', () => {
  const policies = {
    parentRef: EDGE,
    controllerName: 'kuadrant.io/policy-controller',
    conditions: [condition('kuadrant.io/RateLimitPolicyAffected', 1)],
  }
  const empty = { parentRef: EDGE, controllerName: 'stub.example/gateway', conditions: [] }
  const both = readingOf(route(EDGE, [entry('a.example/x', 3), policies, empty]))
  expect(both).toMatchObject({ upTo: 3, late: [], silent: [], undated: [] })
  expect(readingOf(route(EDGE, [policies, empty]))).toMatchObject({ upTo: null, silent: ['Gateway edge'] })
})

test('a controller that falls back to the last good state dates its word by that one, and is behind', () => {
  const conditions = [
    condition('Accepted', 2),
    condition('ResolvedRefs', 3),
    { ...condition('PartiallyInvalid', 3), message: 'Fall Back: rule 1 is not supported' },
  ]
  const reading = readingOf(route(EDGE, [{ parentRef: EDGE, controllerName: 'a.example/x', conditions }]))
  expect(reading.upTo).toBe(2)
})
