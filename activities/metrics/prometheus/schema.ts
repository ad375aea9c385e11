// metrics/prometheus, offline half: what a runbook may say of it and what plans rely on. No client code from here.
import { z } from 'zod'
import { Duration } from '../../../workflows/scalars.ts'
import { BaseUrl, CallTimeout, RequestHeaders, SecretReference } from '../../config.ts'
import { demandFitting, privateHttp } from '../../private-config.ts'
import { defineSpec } from '../../provider.ts'

export const PrometheusConfig = z
  .strictObject({
    url: BaseUrl.describe(
      'Address of Prometheus, Thanos, Mimir or VictoriaMetrics; what comes before /api/v1/query',
    ),
    token: SecretReference.exactOptional().describe('Sent as Authorization: Bearer'),
    headers: RequestHeaders.default({}).describe(
      'Further headers: text or references, e.g. X-Scope-OrgID of Mimir',
    ),
    delay: Duration.default('0s').describe('Ingestion delay: queries are evaluated this long before now'),
    timeout: CallTimeout.default('3s').describe('How long one query may take, passed on to Prometheus'),
    ...privateHttp,
  })
  .superRefine(demandFitting('url'))
  .refine(
    ({ token, headers }) =>
      token === undefined || !Object.keys(headers).some((name) => /^authorization$/i.test(name)),
    {
      message: 'token and an Authorization header exclude each other',
      path: ['token'],
    },
  )

export type PrometheusConfig = z.infer<typeof PrometheusConfig>

export const spec = defineSpec({
  id: 'metrics/prometheus',
  port: 'metrics',
  summary: 'PromQL, checked when a runbook is validated',
  config: PrometheusConfig,
  supports: {
    port: 'metrics',
    language: 'promql',
    cautions: [
      'a series that appears only with the first error has no rate at first: expose zeros from the start',
      'a silent remote-write or Pushgateway series keeps its last value (5 minutes, or for ever)',
    ],
  },
  locks: () => [],
})
