// What was seen of one scenario: all that its judge goes by.
import type { RunView } from '../../view/model.ts'
import type { HistoryCall } from './history.ts'
import type { Deeds } from './inflict.ts'
import type { Answered } from './people.ts'
import type { Scenario } from './scenario.ts'
import type { Sample, Sight } from './sight.ts'

export type Story = {
  scenario: Scenario
  /** Null: the run did not end in time. */
  closed: string | null
  closedAt: number
  view: RunView
  start: Sight
  end: Sight
  newEntry: string
  samples: Sample[]
  calls: HistoryCall[]
  deeds: Deeds
  answered: Answered[]
  lies: string[]
  /** Requests lost per load while the run lasted. */
  lost: { [load: string]: number }
  /** Ids of workflows that are still open. */
  open: string[]
}
