// What is posted and how it is signed. Pure; sizes are bounded here, whatever a run had to say.
import { createHmac } from 'node:crypto'
import type { Notice } from '../../../workflows/ports/notify.ts'
import type { WebhookConfig } from './schema.ts'

const TITLE_CHARACTERS_MAX = 200 // one line on a telephone
const TEXT_CHARACTERS_MAX = 3_000 // a section of a Slack message holds no more (docs.slack.dev, 2026-11-21)
const MARKS = { info: ':white_check_mark:', ask: ':raised_hand:', alarm: ':rotating_light:' } as const

export function bodyOf(notice: Notice, format: WebhookConfig['format']): string {
  const { key, service, level } = notice
  const title = cut(notice.title, TITLE_CHARACTERS_MAX)
  const text = cut(notice.text, TEXT_CHARACTERS_MAX)
  if (format === 'json') return JSON.stringify({ key, service, level, title, text })
  return JSON.stringify({
    text: `${MARKS[level]} *${slackText(`${service}: ${title}`)}*\n${slackText(text)}`,
  })
}

/** `t=<unix seconds>,v1=<hex>` over `t.body`: the receiver refuses what is old, so that a copy cannot be sent again. */
export function signature(body: string, secret: string, nowMs: number): string {
  const seconds = Math.floor(nowMs / 1_000)
  return `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`
}

function cut(text: string, charactersMax: number): string {
  return text.length <= charactersMax ? text : `${text.slice(0, charactersMax - 3).toWellFormed()}...`
}

/** Only these three have a meaning in Slack's text: a service name must not be able to page `<!channel>`. */
function slackText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
