// What is tried on a Temporal server as a cluster runs it: every way a run can go, every part that can be killed, in a hold
// and while the run goes back, and histories set back at five moments.
import { ABORT, HOLD, canary, made, prewarm } from '../chaos/made.ts'
import type { Fault, Scenario } from '../chaos/scenario.ts'

const STEPS = [prewarm(1), canary(50), HOLD, HOLD]
const IN_A_HOLD = 'watch#2 scheduled+200ms'
const DOWN_MS = 1_500
const AFTER_RESET_MS = 1_500

const WAYS: Scenario[] = [
  made('forward', { steps: STEPS, acts: [] }),
  made('breach', { steps: STEPS, acts: [['watch#1 scheduled', { kind: 'errors', forMs: 8_000 }]] }),
  made('abort', { steps: STEPS, acts: [[IN_A_HOLD, ABORT]] }),
]

const PARTS = [
  ['worker', 'worker'],
  ['server', 'temporal'],
  ['database', 'temporalDatabase'],
] as const

const CRASHES: Scenario[] = PARTS.flatMap(([part, server]) => {
  const killed: Fault = { kind: 'kill', server, forMs: DOWN_MS }
  return [
    made(`${part}-killed-in-a-hold`, { steps: STEPS, acts: [[IN_A_HOLD, killed]] }),
    made(`${part}-killed-then-abort`, {
      steps: STEPS,
      acts: [
        [IN_A_HOLD, killed],
        ['watch#2 scheduled+400ms', { ...ABORT, via: 'signal' }],
      ],
    }),
    made(`${part}-killed-while-going-back`, {
      steps: STEPS,
      acts: [
        [IN_A_HOLD, ABORT],
        ['restore#1 scheduled', killed],
      ],
    }),
  ]
})

/** Moment, and by how many workflow tasks; a reset makes a new run, which hears of its abort again. */
const RESETS: [name: string, moment: string, tasks: number][] = [
  ['before-it-changes', 'claim#1 ended+200ms', 90],
  ['after-instances', 'apply#1 ended+200ms', 90],
  ['at-half', 'apply#2 ended+200ms', 90],
  ['in-a-hold', 'watch#2 scheduled+200ms', 3],
]

const SET_BACK: Scenario[] = [
  ...RESETS.map(([name, moment, tasks]) =>
    made(`reset-${name}`, {
      steps: STEPS,
      acts: [
        [moment, { kind: 'reset', tasks }],
        [later(moment), ABORT],
      ],
    }),
  ),
  made('reset-while-going-back', {
    steps: STEPS,
    acts: [
      [IN_A_HOLD, ABORT],
      ['restore#1 ended', { kind: 'reset', tasks: 90 }],
      ['restore#1 ended+1500ms', ABORT],
    ],
  }),
]

export const SCENARIOS: Scenario[] = [...WAYS, ...CRASHES, ...SET_BACK]

function later(moment: string): string {
  const [, spot = '', plus = '0'] = /^(.*?)(?:\+(\d+)ms)?$/.exec(moment) ?? []
  return `${spot}+${Number(plus) + AFTER_RESET_MS}ms`
}
