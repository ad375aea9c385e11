// traffic/flagger on the controller of Flagger itself, under an account that may do no more than its rules say: the contract of
// changing ports, a controller that is frozen, and promotions.
import { afterAll } from 'vitest'
import { flagger } from '../../../activities/traffic/flagger/index.ts'
import { type ChangingBench, changingContract, io } from '../../contract/changing.ts'
import { freeze } from '../../contract/frozen.ts'
import { lyingContract } from '../../contract/lies.ts'
import { promotionContract } from '../../contract/traffic/promotion.ts'
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
import { patientOf } from './patient.ts'

let started: Promise<FlaggerGround> | undefined
const ground = (): Promise<FlaggerGround> => (started ??= startFlaggerGround())
afterAll(async () => {
  await (await started)?.end()
})

const reader = { isFrozen: false }
const patient = patientOf(reader)

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

promotionContract('traffic/flagger', async (version) => {
  const on = await ground()
  await putCanary(on, version)
  await deploy(on, version)
  const clock = startClock(on, version)
  return {
    provider: flagger as unknown as ChangingBench['provider'],
    config: configOf(on, version),
    deps: on.deps(),
    share: 50,
    seesOrders: true,
    standstill: () => freeze(on.flagger.pid),
    leadBack: () => weigh(on, version, [100, 0]),
    end: () => clock.end(),
  }
})
