// The provider against its service: the one suite that every provider of a changing port is held to.
import { changingContract, testDeps } from 'cutover/testing'
import { TOKEN, startFlagService } from './flag-service.js'
import { flags } from './index.js'

const WRONG_TOKEN = 'wrong-token'

changingContract('traffic/flags', async () => {
  const service = await startFlagService({
    orders: { old: 100, new: 0, by: 'ana' },
    basket: { old: 70, new: 30, by: 'raj' },
  })
  const config = { url: service.url, flag: 'orders', token: 'env:FLAGS_TOKEN' }
  return {
    provider: flags,
    config,
    deps: testDeps({ secrets: { 'env:FLAGS_TOKEN': TOKEN, 'env:WRONG': WRONG_TOKEN } }),
    target: 'split',
    missingTarget: 'mirror',
    values: [
      { old: 75, new: 25 },
      { old: 0, new: 100 },
    ],
    neighbours: async () => ({ ...service.flags.basket }),
    stranger: async (value) => service.set('orders', { ...value, by: 'eve' }),
    async outage() {
      service.isSilent = true
      return { end: async () => void (service.isSilent = false) }
    },
    wrongCredentials: { config: { ...config, token: 'env:WRONG' } },
    secrets: [TOKEN, WRONG_TOKEN],
    end: service.end,
  }
})
