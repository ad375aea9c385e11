// traffic/gateway-api on a real API server, under an account that may do no more than its rules say: the contract of changing
// ports for both of its targets, and what controllers do that are late, frozen or at odds with each other.
import { afterAll } from 'vitest'
import { gatewayApi } from '../../../activities/traffic/gateway-api/index.ts'
import { changingContract } from '../../contract/changing.ts'
import { lyingContract } from '../../contract/lies.ts'
import { type Ground, startGround } from '../ground.ts'
import { edit, ref, routeBench } from './gateway-bench.ts'

let started: Promise<Ground> | undefined
const ground = (): Promise<Ground> => (started ??= startGround(['gateway-api']))
afterAll(async () => {
  await (await started)?.kubernetes.server.close()
})

async function splitBench(name: string) {
  const common = await routeBench(await ground(), { name, target: 'split' })
  return {
    ...common,
    values: [
      { old: 99.95, new: 0.05 },
      { old: 0, new: 100 },
    ] as [object, object] as never,
    stranger: async (value: unknown) => {
      const { old, new: fresh } = value as { old: number; new: number }
      await edit(await ground(), name, (rules) => {
        rules[0]!.backendRefs = [ref('v1', Math.round(old * 100)), ref('v2', Math.round(fresh * 100))]
      })
    },
  }
}

changingContract(gatewayApi.spec.id, () => splitBench('split'), ['missing target'])

changingContract(
  'traffic/gateway-api mirror',
  async () => {
    const common = await routeBench(await ground(), { name: 'mirror', target: 'mirror' })
    return {
      ...common,
      values: [{ percent: 20 }, { percent: 2.5 }],
      stranger: async (value) => {
        const numerator = (value as { percent: number }).percent * 10
        const requestMirror = {
          backendRef: { name: 'shadow', port: 8080 },
          fraction: { numerator, denominator: 1_000 },
        }
        await edit(await ground(), 'mirror', (rules) => {
          rules[0]!.filters = [...(rules[0]!.filters ?? []), { type: 'RequestMirror', requestMirror }]
        })
      },
    }
  },
  ['missing target'],
)

lyingContract('traffic/gateway-api', () => splitBench('lies'), ['showLate', 'freezeReader', 'doHalf'])
