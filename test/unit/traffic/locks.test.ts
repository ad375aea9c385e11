// One real thing has one lock, by whichever of its names a runbook calls it: two runs must not move it at the same time.
import { expect, it } from 'vitest'
import { CaddyConfig, spec as caddy } from '../../../activities/traffic/caddy/schema.ts'
import { HaproxyConfig, spec as haproxy } from '../../../activities/traffic/haproxy/schema.ts'

it('a handler of Caddy and a backend of HAProxy on this machine have one lock each', () => {
  const handler = (admin: string, sides: { old: string; new: string }) =>
    caddy.locks(
      CaddyConfig.parse({ admin, handler: '/id/orders', log: '/var/log/orders.log', ...sides }),
      'split',
    )
  const there = { old: '10.0.0.1:80', new: '10.0.0.2:80' }
  const back = { old: there.new, new: there.old }
  const names = [
    'http://127.0.0.1:2019',
    'http://localhost:2019/',
    'http://LocalHost:2019',
    'http://[::1]:2019',
  ]
  const locks = names.flatMap((admin) => [...handler(admin, there), ...handler(admin, back)])
  expect(new Set(locks)).toEqual(new Set(['caddy 127.0.0.1:2019 10.0.0.1:80 10.0.0.2:80']))
  expect(handler('http://localhost.example:2019', there)).not.toEqual(handler(names[0] as string, there))
  const backend = (socket: string) =>
    haproxy.locks(HaproxyConfig.parse({ socket, backend: 'orders', old: 'v1', new: 'v2' }), 'split')
  expect(backend('localhost:9999')).toEqual(backend('127.0.0.1:9999'))
  expect(backend('/var/run/haproxy.sock')).toEqual(backend('/run/./haproxy.sock'))
})
