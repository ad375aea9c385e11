// A process of its own for the time-skipping server, because Temporal's native runtime is one per process. Carries out the
// ten steps with a short and with a long hold and sends what both cost.
import { passDays } from '../../test/timeskip/days.ts'
import { tenSteps } from '../../test/timeskip/ten-steps.ts'

const HOURS = [1, 72]
const EVERY = '47s'

const passed = []
for (const hours of HOURS) {
  const name = `days-${hours}`
  const { result, events, looks, silenceMs } = await passDays(
    name,
    tenSteps(name, { hold: `${hours}h`, every: EVERY }),
  )
  passed.push({ hours, outcome: result.outcome, events, looks, silenceMs })
}
process.send?.(passed, () => process.exit(0))
