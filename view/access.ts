// The way to a Temporal server, as whoever reads runs has it. Made elsewhere: by the CLI, by a worker, by a program.
import type { Client } from '@temporalio/client'

export interface TemporalAccess {
  client: Client
  namespace: string
  address: string
}
