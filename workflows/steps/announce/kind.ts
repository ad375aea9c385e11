// announce, as others see it: it says one thing, without waiting.
import { defineKind } from '../kind.ts'

export const announce = defineKind<'announce'>({
  title: ({ connection }) => `announce on ${connection}`,
  connections: { connection: 'notify' },
  changes: false,
  watched: 'never',
  outline: () => ({ changes: [], back: 'changes nothing', shortestMs: 0, longestMs: 0, decides: null }),
})
