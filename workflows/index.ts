// The workflows that a worker serves, and nothing else: the entry of the workflow bundle.
export { cutover } from './cutover.ts'
export { expiry } from './expiry.ts'
export { survey } from './survey.ts'

// Temporal's SDK keeps the stack of every pending promise of every cached run. Three frames of it say where; each further one costs a
// run some 10 KiB more (docs/measurements.md). Possible only because the bundle loads this once, before it is frozen.
Error.stackTraceLimit = 3
