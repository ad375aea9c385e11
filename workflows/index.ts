// The workflows that a worker serves, and nothing else: the entry of the workflow bundle.
export { cutover } from './cutover.ts'
export { survey } from './survey.ts'

// Temporal's SDK keeps the stack of every pending promise of every cached run. Five frames of it say where; ten cost each
// run about 17 KiB more (docs/measurements.md). Possible only because the bundle loads this once, before it is frozen.
Error.stackTraceLimit = 5
