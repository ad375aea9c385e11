// The engine with one more step kind, whose way back is three changes and a wait: the entry of the workflow bundle of some tests. It
// is on no list of the shipped kinds (docs/adr/0021-a-way-back-of-several-steps.md); whoever needs it for a plan imports this file.
import { kinds } from '../../workflows/steps/kinds.ts'
import { runs } from '../../workflows/steps/runs.ts'
import { undos } from '../../workflows/steps/undos.ts'
import { handover } from './handover/kind.ts'
import { runHandover } from './handover/run.ts'
import { undoHandover } from './handover/undo.ts'

Object.assign(kinds, { handover })
Object.assign(runs, { handover: runHandover })
Object.assign(undos, { handover: undoHandover })

export { cutover, expiry, survey } from '../../workflows/index.ts'
