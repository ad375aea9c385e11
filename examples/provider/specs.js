// What `cutover validate` knows of the provider: its data. Imports no client, so that a runbook is checked without a backend.
import { BaseUrl, CallTimeout, SecretReference, defineSpec } from 'cutover/provider'
import { z } from 'zod'

const FlagsConfig = z.strictObject({
  url: BaseUrl.describe('Where the flag service answers'),
  flag: z
    .string()
    .regex(/^[a-z0-9-]+$/, 'not a flag: small letters, digits and dashes')
    .describe('The flag that shares the users'),
  token: SecretReference.describe('Sent as Authorization: Bearer'),
  timeout: CallTimeout.default('2s').describe('How long one answer may take'),
})

export const spec = defineSpec({
  id: 'traffic/flags',
  port: 'traffic',
  config: FlagsConfig,
  supports: {
    port: 'traffic',
    compareAndSet: true, // If-Match: the service refuses a write over another version
    landsWithin: '3s', // the service ends a request after two seconds
    showsWithin: '0s',
    proof: null, // it counts no requests
    weightStep: 1,
    mirror: false,
    cautions: ['a browser keeps its side until its session ends'],
  },
  locks: (config) => [`flags ${config.url} ${config.flag}`],
})

export const specs = [spec]
