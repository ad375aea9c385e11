// metrics/http-json, offline half: what a runbook may say of it and what plans rely on. No client code from here.
import { z } from 'zod'
import { BaseUrl, CallTimeout, RequestHeaders, SecretReference } from '../../config.ts'
import { demandFitting, privateHttp } from '../../private-config.ts'
import { defineSpec } from '../../provider.ts'

const DottedPath = z.string().regex(/^[^\s.]+(?:\.[^\s.]+)*$/, 'not a dotted path: write it as meta.partial')

export const HttpJsonConfig = z
  .strictObject({
    url: BaseUrl.describe('What comes before the path of a query'),
    token: SecretReference.exactOptional().describe('Sent as Authorization: Bearer'),
    headers: RequestHeaders.default({}).describe('Further headers: text or references'),
    timeout: CallTimeout.default('3s').describe('How long one answer may take'),
    partial: DottedPath.exactOptional().describe(
      'Dotted path of what the answer says when part of the data is missing: true, a text, a list, a number above 0. Such an answer is no reading',
    ),
    complete: z
      .record(DottedPath, z.union([z.string(), z.number(), z.boolean()]))
      .default({})
      .describe(
        'Dotted path -> what stands there in an answer that rests on all data. Any other answer is no reading',
      ),
    ...privateHttp,
  })
  .superRefine(demandFitting('url'))
  .refine(
    ({ token, headers }) =>
      token === undefined || !Object.keys(headers).some((name) => /^authorization$/i.test(name)),
    { message: 'token and an Authorization header exclude each other', path: ['token'] },
  )

export type HttpJsonConfig = z.infer<typeof HttpJsonConfig>

export const spec = defineSpec({
  id: 'metrics/http-json',
  port: 'metrics',
  summary: 'a number out of any JSON endpoint',
  config: HttpJsonConfig,
  supports: {
    port: 'metrics',
    language: 'text',
    cautions: [
      'an endpoint that repeats an old number is believed: let it answer with null once its number is old',
    ],
  },
  locks: () => [],
})
