// Where the example runbooks are.
import { fileURLToPath } from 'node:url'

export const EXAMPLES = fileURLToPath(new URL('../../examples/', import.meta.url))
