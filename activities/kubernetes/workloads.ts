// What runs instances in Kubernetes, by the word in the runbook. Offline half: imports no client.
import { z } from 'zod'

export const WORKLOADS = {
  deployment: { group: 'apps', version: 'v1', resource: 'deployments', kind: 'Deployment' },
  statefulset: { group: 'apps', version: 'v1', resource: 'statefulsets', kind: 'StatefulSet' },
  rollout: { group: 'argoproj.io', version: 'v1alpha1', resource: 'rollouts', kind: 'Rollout' },
} as const

export const Workload = z
  .string()
  .regex(
    /^(deployment|statefulset|rollout)\/[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/,
    'not a workload: write deployment/NAME, statefulset/NAME or rollout/NAME',
  )

export interface WorkloadName {
  word: keyof typeof WORKLOADS
  name: string
}

/** Of what `Workload` has let through. */
export function namedBy(text: string): WorkloadName {
  const [word, name = ''] = text.split('/')
  return { word: word as WorkloadName['word'], name }
}

export function pathOfWorkload({ word, name }: WorkloadName, namespace: string): string {
  const { group, version, resource } = WORKLOADS[word]
  return `/apis/${group}/${version}/namespaces/${namespace}/${resource}/${name}`
}
