// The workflows that a worker serves, and nothing else: the entry of the workflow bundle.
export { cutover } from './cutover.ts'
export { survey } from './survey.ts'
