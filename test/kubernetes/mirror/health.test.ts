// The health that Argo CD is told to show of a run: the shipped script, run by Lua over what the objects say.
import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { requireServer } from '../../../scripts/find-servers.mjs'
import { shipped } from './stage.ts'

const { data } = parse(shipped('argocd-cm.health.yaml')) as { data: { [key: string]: string } }
const SCRIPT = data['resource.customizations.health.cutover.dev_Cutover'] ?? ''

/** A value as Lua writes it. */
function lua(value: unknown): string {
  if (value === null || value === undefined) return 'nil'
  if (typeof value !== 'object') return JSON.stringify(value)
  if (Array.isArray(value)) return `{${value.map(lua).join(', ')}}`
  return `{${Object.entries(value)
    .map(([key, each]) => `[${JSON.stringify(key)}] = ${lua(each)}`)
    .join(', ')}}`
}

function healthOf(object: object): string {
  const program = `obj = ${lua(object)}
local function health()
${SCRIPT}
end
local hs = health()
print(hs.status .. ' ' .. hs.message)`
  const { stdout, stderr, status } = spawnSync(requireServer('lua5.4'), ['-'], {
    input: program,
    encoding: 'utf8',
  })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return stdout.trim()
}

const object = (phase: string, is: { [type: string]: boolean }, more: object = {}) => ({
  status: {
    phase,
    ...more,
    conditions: ['Ready', 'Progressing', 'Degraded'].map((type) => ({
      type,
      status: is[type] === true ? 'True' : 'False',
      reason: 'Why',
      message: 'canary 25%',
    })),
  },
})

it.each([
  ['no run yet', {}, 'Healthy no run yet'],
  ['going on', object('holding', { Progressing: true }), 'Progressing holding: canary 25%'],
  ['asking', object('waiting', { Progressing: true }), 'Suspended waiting: canary 25%'],
  [
    'paused',
    object('holding', { Progressing: true }, { paused: 'by maria' }),
    'Suspended holding: canary 25%',
  ],
  [
    'going back',
    object('unwinding', { Progressing: true, Degraded: true }),
    'Degraded unwinding: canary 25%',
  ],
  ['completed', object('ended', { Ready: true }, { outcome: 'completed' }), 'Healthy completed: canary 25%'],
  ['restored', object('ended', { Degraded: true }, { outcome: 'restored' }), 'Degraded restored: canary 25%'],
])('%s', (_, shown, health) => {
  expect(healthOf(shown)).toBe(health)
})
