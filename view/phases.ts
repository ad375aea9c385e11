// What a run can be doing, as a list: for those who read it as a text, from the server or from a person.
import type { Phase } from '../workflows/run/state.ts'

export const PHASES: readonly string[] = [
  'starting',
  'running',
  'holding',
  'waiting',
  'unwinding',
  'stuck',
  'completing',
  'ended',
] satisfies Phase[]
