// The step kinds, engine half: what each does, in the engine's words.
import type { PlannedStep } from '../plan.ts'
import type { Run } from '../run/run.ts'
import { runAnnounce } from './announce/run.ts'
import { runApprove } from './approve/run.ts'
import { runCanary } from './canary/run.ts'
import { runCheck } from './check/run.ts'
import { runDecommission } from './decommission/run.ts'
import { runHold } from './hold/run.ts'
import { runPrewarm } from './prewarm/run.ts'
import { runRepoint } from './repoint/run.ts'
import type { StepKind } from './schemas.ts'
import { runShadow } from './shadow/run.ts'
import { runSwitch } from './switch/run.ts'
import { runTtl } from './ttl/run.ts'

type Runs = { [K in StepKind]: (run: Run, step: PlannedStep<K>) => Promise<void> }

const runs: Runs = {
  announce: runAnnounce,
  check: runCheck,
  prewarm: runPrewarm,
  ttl: runTtl,
  approve: runApprove,
  shadow: runShadow,
  canary: runCanary,
  switch: runSwitch,
  repoint: runRepoint,
  hold: runHold,
  decommission: runDecommission,
}

export async function carryOut(run: Run, step: PlannedStep): Promise<void> {
  await (runs[step.kind] as (run: Run, step: PlannedStep) => Promise<void>)(run, step)
}
