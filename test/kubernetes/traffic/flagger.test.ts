// traffic/flagger on the controller of Flagger itself, under an account that may do no more than its rules say: the contract of
// changing ports, and a controller that is frozen.
import { afterAll } from 'vitest'
import { flagger } from '../../../activities/traffic/flagger/index.ts'
import type { Changing } from '../../../workflows/ports/target.ts'
import { matches } from '../../../workflows/json.ts'
import { type ChangingBench, changingContract, io } from '../../contract/changing.ts'
import { freeze } from '../../contract/frozen.ts'
import { lyingContract } from '../../contract/lies.ts'
import {
  type FlaggerGround,
  besideOf,
  canaryOf,
  configOf,
  deploy,
  putCanary,
  startClock,
  startFlaggerGround,
  weigh,
} from './flagger-ground.ts'

const SHOWN_MS_MAX = 20_000 // some analyses, on busy cores
const LOOK_MS = 100

let started: Promise<FlaggerGround> | undefined
const ground = (): Promise<FlaggerGround> => (started ??= startFlaggerGround())
afterAll(async () => {
  await (await started)?.end()
})

const reader = { isFrozen: false }
/** As the engine does: a write that was accepted is looked for until it shows, each look a call of its own. */
const patient: ChangingBench['provider'] = {
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

async function bench(name: string): Promise<ChangingBench> {
  const on = await ground()
  await putCanary(on, name)
  await deploy(on, name)
  const clock = startClock(on, name)
  const port = flagger.connect(flagger.spec.config.parse(configOf(on, name)), on.deps())
  return {
    provider: patient,
    config: configOf(on, name),
    deps: on.deps(),
    target: 'split',
    values: [
      { old: 90, new: 10 },
      { old: 50, new: 50 },
    ],
    async neighbours() {
      // Going forward again takes a new revision.
      if ((await canaryOf(on, name)).status?.phase === 'Failed') await deploy(on, name)
      return await besideOf(on, name)
    },
    async stranger(value) {
      const { old, new: fresh } = value as { old: number; new: number }
      await weigh(on, name, [old, fresh])
      await port.observe('split', io())
    },
    outage: () => freeze(on.kubernetes.server.pid),
    lies: {
      async freezeReader() {
        const ice = await freeze(on.flagger.pid)
        reader.isFrozen = true
        return {
          async end() {
            reader.isFrozen = false
            await ice.end()
          },
        }
      },
    },
    wrongCredentials: { config: configOf(on, name), deps: on.intruder() },
    secrets: on.secrets,
    end: () => clock.end(),
  }
}

changingContract(flagger.spec.id, () => bench('orders'), ['missing target'])

lyingContract('traffic/flagger', () => bench('lies'), ['freezeReader'])
