// notify/sim: keeps notices in the simulated world, each key once, as a receiver would.
import type { NotifyPort } from '../../../workflows/ports/notify.ts'
import { defineProvider } from '../../provider.ts'
import { ask } from '../../sim/calls.ts'
import { enterWorld } from '../../sim/world.ts'
import { spec } from './schema.ts'

const TEXT_CHARACTERS_MAX = 3_000 // as of a real receiver: what is longer is nothing that people read in a notice

export const simNotify = defineProvider({
  spec,
  connect(config, deps): NotifyPort {
    const enter = () => enterWorld(config.world, deps)
    return {
      send(notice, io) {
        const state = enter()
        const effect = () => {
          if (state.notices.has(notice.key)) return
          state.notices.set(notice.key, { ...notice, text: notice.text.slice(0, TEXT_CHARACTERS_MAX) })
        }
        return ask(
          state,
          { port: 'notify', verb: 'send', target: notice.key, value: notice.title, effect },
          io,
        )
      },
      reach: (io) =>
        ask(
          enter(),
          { port: 'notify', verb: 'reach', target: 'nobody', effect: () => 'simulated: nobody is notified' },
          io,
        ),
    }
  },
})
