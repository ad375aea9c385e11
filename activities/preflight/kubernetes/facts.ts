// What has been looked at of a workload, and the words in which a check says what it found. Pure.
import type { Demand, Finding } from '../../../workflows/ports/preflight.ts'
import type { Clock } from '../../kubernetes/client.ts'
import { replicasOf } from '../../kubernetes/workload-status.ts'
import type {
  Budget,
  Container,
  LimitRange,
  MeshRule,
  Pod,
  PodSpec,
  Quota,
  Service,
  Workload,
} from './objects.ts'
import type { Check } from './schema.ts'

export interface Facts {
  demand: Demand
  namespace: string
  workload: Workload
  /** Instances of the workload that a factor is one of. */
  base: number
  labels: Record<string, string>
  pod: PodSpec
  /** Those of the workload that are not going away. */
  pods: Pod[]
  /** Those that lead to its pods. */
  services: Service[]
  budgets: Budget[]
  quotas: Quota[]
  limits: LimitRange[]
  /** Null: there is no Istio here. */
  meshRules: MeshRule[] | null
  clock: Clock | null
}

/** What one check comes to: findings, or what was seen without one. */
export type Judgement = Finding | { check: Check; fine: string }

type Words = { seen: string; why: string; todo: string }

export function refuse(check: Check, said: Words): Finding {
  return { check, level: 'refuse', ...said }
}

export function caution(check: Check, said: Words): Finding {
  return { check, level: 'caution', ...said }
}

export function fine(check: Check, seen: string): Judgement {
  return { check, fine: seen }
}

/** As many instances as the run is going to need. */
export function wantedOf({ demand, workload, base }: Facts): number {
  const present = replicasOf(workload as Parameters<typeof replicasOf>[0])
  if (demand.instances !== null) return demand.instances
  return demand.factor === null ? present : Math.max(1, present, Math.ceil(demand.factor * base)) // as prewarm counts
}

/** Those that users reach: what listens, or the first where none says that it does. */
export function servingOf({ containers }: PodSpec): Container[] {
  const listening = containers.filter(({ ports = [] }) => ports.length > 0)
  return listening.length > 0 ? listening : containers.slice(0, 1)
}
