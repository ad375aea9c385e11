// What a runbook says of the map that leads a cohort, and what plans say of it. Offline half.
import { z } from 'zod'
import { Upstream, Variable } from './names.ts'

export const ledByMap = {
  config: {
    cohort: z
      .strictObject({
        variable: Variable.describe(
          'The variable that a `map` of the file sets: its `default` is the variable of the split, its entries are the members',
        ).meta({ examples: ['$orders_to'] }),
        to: Upstream.exactOptional().describe(
          'Upstream that members are led to: another one to the servers of the new side, so that shares are counted among the others; left out: `new`',
        ),
      })
      .exactOptional()
      .describe('For cohort steps: members get entries in this map, whatever its source tells them by'),
  },
  supports: { cohort: 'entries of a map of the file, and a reload' },
}
