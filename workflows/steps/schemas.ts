// The step kinds, runbook half: one line per kind, in the order a runbook usually has them.
import { Announce } from './announce/schema.ts'
import { Approve } from './approve/schema.ts'
import { Canary } from './canary/schema.ts'
import { Check } from './check/schema.ts'
import { Decommission } from './decommission/schema.ts'
import { Hold } from './hold/schema.ts'
import { Prewarm } from './prewarm/schema.ts'
import { Repoint } from './repoint/schema.ts'
import { Shadow } from './shadow/schema.ts'
import { Switch } from './switch/schema.ts'
import { Ttl } from './ttl/schema.ts'

export const stepSchemas = {
  announce: Announce,
  check: Check,
  prewarm: Prewarm,
  ttl: Ttl,
  approve: Approve,
  shadow: Shadow,
  canary: Canary,
  switch: Switch,
  repoint: Repoint,
  hold: Hold,
  decommission: Decommission,
} as const

export type StepKind = keyof typeof stepSchemas
