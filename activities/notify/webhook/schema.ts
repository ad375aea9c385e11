// notify/webhook, offline half: what a runbook may say of it and what plans rely on. No client code from here.
import { z } from 'zod'
import { BaseUrl, CallTimeout, SecretReference } from '../../config.ts'
import { demandFitting, privateHttp } from '../../private-config.ts'
import { defineSpec } from '../../provider.ts'

const SECRET_ADDRESS = /^https:\/\/hooks\.slack\.com\// // whoever knows such an address can post

export const WebhookConfig = z
  .strictObject({
    url: z
      .union([SecretReference, BaseUrl], {
        error: 'not an address: write http(s)://... or, for a secret one, env:NAME or file:/path',
      })
      .refine((url) => !SECRET_ADDRESS.test(url), {
        message: 'this address is a secret itself: write env:NAME or file:/path',
      })
      .describe('Where notices are posted; a reference when the address itself is a secret, as with Slack'),
    secret: SecretReference.exactOptional().describe('Signs each notice: x-cutover-signature, HMAC-SHA256'),
    format: z
      .enum(['json', 'slack'])
      .default('json')
      .describe('json = the notice as it is; slack = a message'),
    timeout: CallTimeout.default('3s').describe('How long one notice may take'),
    ...privateHttp,
  })
  .superRefine(demandFitting('url'))

export type WebhookConfig = z.infer<typeof WebhookConfig>

export const spec = defineSpec({
  id: 'notify/webhook',
  port: 'notify',
  summary: 'signed JSON, Slack',
  config: WebhookConfig,
  supports: {
    port: 'notify',
    cautions: ['a notice may come twice: receivers drop the second by its Idempotency-Key'],
  },
  locks: () => [],
})
