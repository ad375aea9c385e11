// probe/http, offline half: what a runbook may say of it and what plans rely on. No client code from here.
import { z } from 'zod'
import { BaseUrl, CallTimeout, RequestHeaders } from '../../config.ts'
import { demandFitting, privateHttp } from '../../private-config.ts'
import { defineSpec } from '../../provider.ts'

export const HttpProbeConfig = z
  .strictObject({
    url: BaseUrl.describe('Where the service is asked; the path of each probe comes behind it'),
    headers: RequestHeaders.default({}).describe('Sent with every probe: text or references'),
    host: z
      .string()
      .regex(/^[A-Za-z0-9.-]+(?::\d+)?$/, 'not a host name')
      .exactOptional()
      .describe(
        'Host header, and TLS name, when the service is asked under another address than its users ask it',
      ),
    timeout: CallTimeout.default('3s').describe('No answer within this time is a bad answer'),
    ...privateHttp,
  })
  .superRefine(demandFitting('url'))

export type HttpProbeConfig = z.infer<typeof HttpProbeConfig>

export const spec = defineSpec({
  id: 'probe/http',
  port: 'probe',
  summary: 'journeys, deep readiness',
  config: HttpProbeConfig,
  supports: {
    port: 'probe',
    cautions: ['every probe opens a connection of its own and follows no redirect'],
  },
  locks: () => [],
})
