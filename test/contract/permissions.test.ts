// Whether a write would be allowed, told without one: what `plan` tries before a run is started.
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { command as capacity } from '../../activities/capacity/command/index.ts'
import { envoy } from '../../activities/traffic/envoy/index.ts'
import { haproxy } from '../../activities/traffic/haproxy/index.ts'
import { io } from './changing.ts'
import { testDeps } from './deps.ts'
import { type QuirkyHaproxy, command, startQuirkyHaproxy } from './traffic/haproxy-server.ts'

const NOBODY = { old: 1, new: 1 } // no request is sent in these tests

describe('traffic/haproxy', () => {
  let edge: QuirkyHaproxy
  beforeAll(async () => {
    edge = await startQuirkyHaproxy(NOBODY)
  })
  afterAll(() => edge?.server.close())

  const permits = async (socket: string) =>
    await haproxy
      .connect({ socket, backend: 'orders', old: ['a1'], new: ['b1'] }, testDeps())
      .permits?.('split', io())

  it('tells a socket that may set weights from one that may only read, and sets none', async () => {
    const before = await command(edge.socket, 'get weight orders/a1; get weight orders/b1')
    expect(await permits(edge.socket)).toBe(`${edge.socket} is at level admin`)
    expect(await permits(edge.tcp)).toBe(`${edge.tcp} is at level admin`)
    await expect(permits(edge.readOnlySocket)).rejects.toMatchObject({
      type: 'Denied',
      message: `asking ${edge.readOnlySocket} for its level: it is "user", and weights need \`level admin\` on the stats socket`,
    })
    await expect(permits(join(edge.socket, 'nowhere'))).rejects.toMatchObject({ type: 'Unavailable' })
    expect(await command(edge.socket, 'get weight orders/a1; get weight orders/b1')).toBe(before)
  })
})

describe('traffic/envoy', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cutover-permissions-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const permits = async (name: string) => {
    const config = envoy.spec.config.parse({
      routes: join(folder, name),
      admin: 'http://127.0.0.1:1',
      old: 'v1',
      new: 'v2',
    })
    return await envoy.connect(config, testDeps()).permits?.('split', io())
  }

  it('tells a file that can be replaced from a link and from one that is not there', async () => {
    writeFileSync(join(folder, 'routes.json'), '{}')
    symlinkSync(join(folder, 'routes.json'), join(folder, 'link.json'))
    expect(await permits('routes.json')).toContain('may be written')
    await expect(permits('link.json')).rejects.toMatchObject({ type: 'Config' })
    await expect(permits('absent.json')).rejects.toMatchObject({ type: 'Missing' })
  })
})

describe('capacity/command', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cutover-permissions-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const permits = async (apply: string) => {
    const config = capacity.spec.config.parse({ observe: ['look'], apply: [apply] })
    return await capacity.connect(config, testDeps({ commandFolder: folder })).permits?.('new', io())
  }

  it('tells an executable that is there, without running it, from one that is not there or may not be run', async () => {
    writeFileSync(join(folder, 'scale'), `#!/bin/sh\ntouch '${folder}/was-run'\n`, { mode: 0o755 })
    writeFileSync(join(folder, 'plain'), '', { mode: 0o644 })
    expect(await permits('scale')).toBe('scale is there; it was not run')
    expect(existsSync(join(folder, 'was-run'))).toBe(false)
    await expect(permits('absent')).rejects.toMatchObject({ type: 'Config' })
    await expect(permits('plain')).rejects.toMatchObject({ type: 'Config' })
  })
})
