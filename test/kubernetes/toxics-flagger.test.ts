// traffic/flagger over a connection to the API server that is spoiled on purpose; Flagger and the gates read the server by another.
import { afterAll, beforeAll } from 'vitest'
import { type Folder, createFolder } from '../../lab/folder.ts'
import { type Toxiproxy, startToxiproxy } from '../../lab/servers/toxiproxy.ts'
import { spoiledContract } from '../contract/spoiled.ts'
import { standOf } from './stand.ts'
import {
  type FlaggerGround,
  configOf,
  deploy,
  putCanary,
  startClock,
  startFlaggerGround,
} from './traffic/flagger-ground.ts'
import { patientOf } from './traffic/patient.ts'

const NAME = 'spoiled'
const FOLLOWS_MS = 60_000 // some analyses, on busy cores
const CASE_MS = 240_000 // there, back, and a new revision
const TICK_MS = 1_500 // every look at the server costs, while its connections are spoiled

let ground: FlaggerGround
let folder: Folder
let toxiproxy: Toxiproxy
beforeAll(async () => {
  folder = createFolder('flagger-toxics')
  toxiproxy = await startToxiproxy()
  ground = await startFlaggerGround()
})
afterAll(async () => {
  await ground?.end()
  await toxiproxy?.server.close()
  folder?.remove()
})

spoiledContract(
  'traffic/flagger',
  async () => {
    await putCanary(ground, NAME)
    await deploy(ground, NAME)
    const clock = startClock(ground, NAME, TICK_MS)
    const bench = {
      provider: patientOf({ isFrozen: false }),
      config: configOf(ground, NAME),
      target: 'split',
      end: () => clock.end(),
    }
    return {
      ...(await standOf({ ...ground, folder }, bench, { old: 90, new: 10 })),
      lands: true,
      followsMs: FOLLOWS_MS,
      again: () => deploy(ground, NAME), // what it has given up it does not roll out again
    }
  },
  { toxiproxy: () => toxiproxy, caseMs: CASE_MS },
)
