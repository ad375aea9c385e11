// Amounts of Kubernetes and what a pod takes of them.
import { expect, it } from 'vitest'
import { amount, takenBy, takenByPod } from '../../../activities/preflight/kubernetes/quantities.ts'

it.each([
  ['1500m', 1.5],
  ['2', 2],
  ['0.5', 0.5],
  ['.5', 0.5],
  ['1Ki', 1024],
  ['1.5Gi', 1_610_612_736],
  ['2M', 2_000_000],
  ['12e3', 12_000],
  ['1E', 1e18],
  ['1n', 1e-9],
  ['ten', null],
  ['1 Gi', null],
])('%s is %s', (text, value) => {
  expect(amount(text)).toBe(value)
})

const cpu = (name: string, requests: string) => ({ name, resources: { requests: { cpu: requests } } })

it('counts what runs beside each other, or an init container where that one takes more', () => {
  const of = { of: 'requests', name: 'cpu', ranges: [] } as const
  const pod = { containers: [cpu('app', '300m'), cpu('log', '100m')] }
  expect(takenByPod(pod, of)).toBe(0.4)
  expect(takenByPod({ ...pod, initContainers: [cpu('setup', '1')] }, of)).toBe(1)
  const sidecar = { ...cpu('proxy', '200m'), restartPolicy: 'Always' }
  expect(takenByPod({ ...pod, initContainers: [sidecar, cpu('setup', '300m')] }, of)).toBe(0.6)
  expect(takenByPod({ ...pod, overhead: { cpu: '50m' } }, of)).toBe(0.45)
})

it('fills in what the API server will: a limit stands for a request, a LimitRange for both', () => {
  const range = { type: 'Container', default: { cpu: '2', memory: '1Gi' }, defaultRequest: { cpu: '100m' } }
  expect(takenBy({ name: 'app' }, [range])).toEqual({
    name: 'app',
    requests: { cpu: '100m', memory: '1Gi' },
    limits: { cpu: '2', memory: '1Gi' },
  })
  expect(takenBy({ name: 'app', resources: { limits: { cpu: '1' } } }, [range])).toMatchObject({
    requests: { cpu: '1' },
    limits: { cpu: '1', memory: '1Gi' },
  })
})
