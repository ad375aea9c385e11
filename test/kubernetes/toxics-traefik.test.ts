// traffic/traefik-crd over a connection to the API server that is spoiled on purpose; its Traefik reads the server by another.
import { afterAll, beforeAll } from 'vitest'
import { type Folder, createFolder } from '../../lab/folder.ts'
import { type Toxiproxy, startToxiproxy } from '../../lab/servers/toxiproxy.ts'
import { spoiledContract } from '../contract/spoiled.ts'
import { standOf } from './stand.ts'
import { type TraefikGround, serviceBench, startTraefikGround } from './traffic/traefik-crd-bench.ts'

let ground: TraefikGround
let folder: Folder
let toxiproxy: Toxiproxy
beforeAll(async () => {
  folder = createFolder('traefik-toxics')
  toxiproxy = await startToxiproxy()
  ground = await startTraefikGround()
})
afterAll(async () => {
  await ground?.end()
  await toxiproxy?.server.close()
  folder?.remove()
})

spoiledContract(
  'traffic/traefik-crd',
  async () => {
    const bench = await serviceBench(ground, { name: 'spoiled', target: 'split' })
    return { ...(await standOf({ ...ground, folder }, bench, { old: 75, new: 25 })), lands: true }
  },
  { toxiproxy: () => toxiproxy },
)
