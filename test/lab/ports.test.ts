// Ports are given out once and cannot be taken by outgoing connections; a server that finds one taken is started on others.
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import type { FleetOptions } from '../../lab/fleet/protocol.ts'
import { freeDnsPort, freePort, freePorts } from '../../lab/ports.ts'
import { startServer } from '../../lab/server-process.ts'

const FIRST_OF_CONNECTIONS = 32_768 // net.ipv4.ip_local_port_range of Linux

it('gives every port once, none of them from where outgoing connections take theirs', async () => {
  const ports = [...(await freePorts(20)), await freePort(), await freeDnsPort(), ...(await freePorts(20))]
  expect(new Set(ports).size).toBe(ports.length)
  expect(Math.max(...ports)).toBeLessThan(FIRST_OF_CONNECTIONS)
})

it('leaves out a port that somebody listens on', async () => {
  const [next = 0] = await freePorts(1)
  const stranger = createServer().listen(next + 1, '127.0.0.1')
  await once(stranger, 'listening')
  expect(await freePort()).not.toBe(next + 1)
  stranger.close()
})

it('starts the instances of a side on other ports when one was taken after it was chosen', async () => {
  const stranger = createServer().listen(0, '127.0.0.1')
  await once(stranger, 'listening')
  const taken = (stranger.address() as AddressInfo).port
  let attempts = 0
  const { chosen, server } = await startServer<FleetOptions>(
    'fleet-old',
    async () => {
      const [admin = 0, slot = 0] = await freePorts(2)
      const slots = [attempts++ === 0 ? taken : slot]
      return { side: 'old', region: 'west', version: 'v1', slots, admin, count: 1, warmUpMs: 0 }
    },
    (fleet) => ({
      command: process.execPath,
      args: [fileURLToPath(new URL('../../lab/fleet/main.ts', import.meta.url)), JSON.stringify(fleet)],
      withChannel: true,
      isReady: async () => (await fetch(`http://127.0.0.1:${fleet.slots[0]}/healthz/ready`)).ok,
    }),
  )
  expect(attempts).toBeGreaterThan(1)
  expect(chosen.slots).not.toContain(taken)
  await server.close()
  stranger.close()
})
