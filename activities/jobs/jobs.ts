// The kinds of long work that a worker knows, by name.
import type { JobName } from '../../workflows/activities.ts'
import type { Json } from '../../workflows/json.ts'
import type { Job } from './job.ts'
import { warm } from './warm.ts'

export const jobs: { [name in JobName]: Job<Json, Json> } = { warm }
