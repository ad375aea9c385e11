// Scenarios made by hand: faults at exactly the moments at which they were seen to bring a run to a wrong end. Each is
// named for what happens in it; most need two things at once, which seeds meet rarely.
import { ABORT, HOLD, canary, made, prewarm } from './made.ts'
import type { ChaosStep, Fault, Scenario } from './scenario.ts'

const THEIRS: Fault = { kind: 'foreign', target: 'edge split', value: { old: 61, new: 39 } }

const SWITCH: ChaosStep = { kind: 'switch' }
const APPROVE: ChaosStep = { kind: 'approve' }
const MOVED_BY_NAME: ChaosStep[] = [{ kind: 'ttl' }, { kind: 'repoint' }]

export const CONSTRUCTED: Scenario[] = [
  made('prewarm-after-canary', {
    steps: [prewarm(0.6), canary(50), prewarm(1), HOLD],
    acts: [
      ['apply#3 ended', { kind: 'toxic', link: 'haproxy', toxic: { kind: 'cut' }, forMs: 9_000 }],
      ['apply#3 ended+100ms', ABORT],
    ],
  }),
  made('prewarm-after-repoint', {
    steps: [prewarm(0.6), ...MOVED_BY_NAME, prewarm(1), HOLD],
    acts: [
      ['apply#4 ended', { kind: 'toxic', link: 'bind', toxic: { kind: 'cut' }, forMs: 6_000 }],
      ['apply#4 ended+100ms', ABORT],
    ],
  }),
  made('names-before-instances', {
    steps: [...MOVED_BY_NAME, prewarm(1), canary(50)],
    acts: [['apply#4 ended', ABORT]],
  }),
  made('first-touch', {
    steps: [APPROVE, canary(25), SWITCH],
    acts: [['claim#1 ended+400ms', { ...THEIRS, value: { old: 0, new: 77 } }]],
    people: { approvalAfterMs: 2_500 },
  }),
  made('first-touch-aborted', {
    steps: [APPROVE, canary(25), SWITCH],
    acts: [
      ['claim#1 ended+400ms', THEIRS],
      ['apply#1 ended', ABORT],
    ],
    people: { approvalAfterMs: 2_500, drift: 'abort' },
  }),
  made('already-so-and-foreign', {
    // The stranger's 100 % stand when the run begins; its switch finds nothing to do.
    steps: [APPROVE, SWITCH, { kind: 'hold' }, HOLD],
    acts: [
      ['claim#1 ended', { ...THEIRS, value: { old: 0, new: 100 } }],
      ['watch#2 scheduled+300ms', { ...THEIRS, value: { old: 100, new: 0 } }],
    ],
    people: { approvalAfterMs: 2_500 },
  }),
  made('adopted-then-completed', {
    steps: [SWITCH, HOLD],
    acts: [['apply#1 ended+50ms', THEIRS]],
  }),
  made('gate-name-twice', {
    steps: [canary(50), HOLD, HOLD],
    acts: [
      ['apply#1 ended', { kind: 'toxic', link: 'haproxy', toxic: { kind: 'cut' }, forMs: 7_000 }],
      ['apply#1 ended+100ms', ABORT],
      ['restore#2 ended', THEIRS],
    ],
    people: { restore: 'skip', patienceMs: 8_000 }, // the first question answers itself
  }),
  made('left-weights', {
    steps: [canary(25), HOLD, HOLD],
    acts: [
      ['watch#2 scheduled+200ms', { ...THEIRS, value: { old: 10, new: 90 } }],
      ['watch#2 scheduled+1200ms', ABORT],
    ],
    people: { restore: 'skip', drift: 'abort' },
  }),
  made('neighbour-between-look-and-write', {
    edge: 'envoy',
    steps: [canary(25, 50, 75), SWITCH],
    acts: [1, 2, 3, 4].map((nth) => [`apply#${nth} scheduled`, { kind: 'neighbour' }] as [string, Fault]),
  }),
  made('prewarm-downwards', {
    steps: [APPROVE, prewarm(1), HOLD],
    acts: [['claim#1 ended', { kind: 'foreign', target: 'fleet new', value: { count: 6 } }]],
    people: { approvalAfterMs: 2_500 },
  }),
  made('reset-at-share', {
    steps: [canary(25), HOLD, HOLD],
    acts: [
      ['watch#2 scheduled+200ms', { kind: 'reset', tasks: 90 }],
      ['watch#2 scheduled+1800ms', ABORT],
    ],
  }),
  made('reset-on-the-way-back', {
    steps: [prewarm(1), canary(50), HOLD],
    acts: [
      ['watch#2 scheduled', ABORT],
      ['restore#1 ended', { kind: 'reset', tasks: 90 }],
      ['restore#1 ended+1500ms', ABORT],
    ],
  }),
  made('frozen-edge', {
    // Envoy takes the file up only when it goes on: accepted, shows late.
    edge: 'envoy',
    steps: [canary(50), SWITCH],
    acts: [
      ['apply#1 scheduled', { kind: 'stop', server: 'envoy', forMs: 4_000 }],
      ['apply#1 scheduled+600ms', ABORT],
    ],
  }),
  made('side-down-on-the-way-back', {
    // HAProxy gives nothing to a server that its checks hold for down: a refusal that passes by itself.
    steps: [canary(50), HOLD, HOLD],
    acts: [
      ['watch#2 scheduled', { kind: 'unready', side: 'old', forMs: 5_000 }],
      ['watch#2 scheduled+1500ms', ABORT],
    ],
  }),
  made('late-write-after-its-undo', {
    steps: [canary(25, 50), SWITCH],
    acts: [
      [
        'apply#2 scheduled',
        { kind: 'toxic', link: 'haproxy', toxic: { kind: 'late', ms: 2_000 }, forMs: 1_500 },
      ],
      ['apply#2 scheduled+200ms', { kind: 'kill', server: 'worker', forMs: 300 }],
      ['apply#2 scheduled+400ms', { ...ABORT, via: 'signal' }],
    ],
  }),
]
