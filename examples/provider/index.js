// What the worker connects: the port `traffic` in the words of the flag service.
import { defineProvider, failure } from 'cutover/provider'
import { flagsClient } from './client.js'
import { spec } from './specs.js'

export const flags = defineProvider({
  spec,
  connect(config, deps) {
    const client = flagsClient(config, deps)
    return {
      async observe(target, io) {
        demandSplit(target)
        const { flag, version } = await client.read(io.signal)
        return { value: { old: flag.old, new: flag.new }, version, writer: flag.by }
      },
      async write({ target, desired, seen }, io) {
        demandSplit(target)
        io.writes?.()
        await client.replace({ old: desired.old, new: desired.new, by: 'cutover' }, seen.version, io.signal)
      },
    }
  },
})

export const providers = [flags]

function demandSplit(target) {
  if (target !== 'split') throw failure('Missing', `a flag has no ${target}: it shares users, nothing else`)
}
