// A run in one line, for prompts and topics of chats. Pure.
import type { RunView } from '../../view/model.ts'
import { harmless } from './paint.ts'
import { headline } from './run-text.ts'
import { away } from './words.ts'

/** `orders holding [4/9] canary 25% on edge, new 25%, until in 3m` */
export function statusLine(raw: RunView, now: number): string {
  const view = harmless(raw)
  const { weights, holding, gates, endedAt, stale } = view
  const share = weights === null || endedAt !== null ? [] : [`new ${Math.round(weights.new)}%`]
  const time = holding === null || holding.until === null ? [] : [`until ${away(holding.until, now)}`]
  const question = gates.length === 0 ? [] : [`asks at ${gates.map(({ id }) => id).join(', ')}`]
  const old = stale === null ? [] : [`as the server knows it: ${stale.why}`]
  return [`${view.service} ${headline(view)}`, ...share, ...question, ...time, ...old].join(', ')
}
