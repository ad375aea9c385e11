// A thousand users through a ramp there and back: whose key NGINX hashes changes sides once on each way, and the share of users is the
// share that was set. Without a key of theirs they are drawn anew with every request, and the plan says so.
import { Agent, get } from 'node:http'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { applyTo } from '../../activities/change/look.ts'
import { splitAt } from '../../workflows/ports/traffic.ts'
import type { Changing } from '../../workflows/ports/target.ts'
import { connect, io } from '../contract/changing.ts'
import { type Stand, configOf, provider, startStand } from '../contract/traffic/nginx-bench.ts'

const USERS = 1_000
const RAMP = [5, 25, 50, 100, 50, 25, 5, 0]
const OFF_MAX = 4 // points: of a thousand hashed users at 50 %, one ramp in a hundred is further off

let stand: Stand
let port: Changing
const agent = new Agent({ keepAlive: true, maxSockets: 16 })

beforeAll(async () => {
  stand = await startStand({ key: '$cookie_session' })
  port = connect(provider, configOf(stand.edge), stand.deps)
})
afterAll(async () => {
  agent.destroy()
  await stand?.end()
})

function sideOf(user: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { cookie: `session=user-${user}` }
    get(stand.edge.url, { agent, headers }, (response) => {
      response.resume()
      response.on('end', () => resolve(String(response.headers['x-side'])))
    }).on('error', reject)
  })
}

const everybody = () => Promise.all(Array.from({ length: USERS }, (_, user) => sideOf(user)))

it('nobody flips back and forth, and nobody changes sides between two changes', async () => {
  let before = await everybody()
  expect(new Set(before)).toEqual(new Set(['old']))
  let shareBefore = 0
  for (const share of RAMP) {
    const { value: expected } = await port.observe('split', io())
    const answer = await applyTo(port, { target: 'split', desired: splitAt(share), expected }, io())
    expect(answer.readBack, `${share} %`).toBe('match')
    agent.destroy() // what a reload closes would be reset once
    const [now, again] = [await everybody(), await everybody()]
    expect(again, 'the same user, the same side').toEqual(now)
    const wrong = now.filter(
      (side, user) => side !== before[user] && side !== (share > shareBefore ? 'new' : 'old'),
    )
    expect(wrong, `from ${shareBefore} to ${share} % users change sides in that direction only`).toEqual([])
    const moved = (now.filter((side) => side === 'new').length / USERS) * 100
    expect(Math.abs(moved - share), `${moved} % of the users at ${share} %`).toBeLessThanOrEqual(OFF_MAX)
    ;[before, shareBefore] = [now, share]
  }
  expect((await port.observe('split', io(), [splitAt(50)])).cautions).toBe(undefined)
})
