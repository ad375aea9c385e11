// traffic/flagger with the patience that the engine has: for suites that look once after a write.
import { flagger } from '../../../activities/traffic/flagger/index.ts'
import { matches } from '../../../workflows/json.ts'
import type { Changing } from '../../../workflows/ports/target.ts'
import { type ChangingBench, io } from '../../contract/changing.ts'

const SHOWN_MS_MAX = 20_000 // some analyses, on busy cores
const LOOK_MS = 100

/** As the engine does: a write that was accepted is looked for until it shows, each look a call of its own. */
export function patientOf(reader: { isFrozen: boolean }): ChangingBench['provider'] {
  return {
    ...(flagger as unknown as ChangingBench['provider']),
    connect(config, deps) {
      const port = flagger.connect(config as never, deps) as unknown as Changing
      let isShown = false
      const observe: Changing['observe'] = (target, of, wanted) => {
        const call = isShown ? io() : of
        isShown = false
        return port.observe(target, call, wanted)
      }
      const write: Changing['write'] = async (asked, of) => {
        await port.write(asked, of)
        const until = Date.now() + SHOWN_MS_MAX
        while (Date.now() < until && !reader.isFrozen) {
          const { value, elsewhere = [] } = await port.observe(asked.target, io())
          isShown = [value, ...elsewhere.map((each) => each.value)].every((each) =>
            matches(each, asked.desired),
          )
          if (isShown) return
          await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
        }
      }
      return { ...port, observe, write } as never
    },
  }
}
