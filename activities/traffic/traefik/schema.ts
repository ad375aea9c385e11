// What a runbook says about a weighted service of a Traefik, and what plans may rely on. Holds no client code.
import { posix } from 'node:path'
import { z } from 'zod'
import { BaseUrl } from '../../config.ts'
import { demandFitting, privateHttp } from '../../private-config.ts'
import { defineSpec } from '../../provider.ts'

const Service = z
  .string()
  .regex(
    /^[A-Za-z0-9_.-]+(?:@[a-z0-9]+)?$/,
    'not the name of a service: letters, digits, and the signs - _ .',
  )

export const TraefikConfig = z
  .strictObject({
    file: z
      .string()
      .regex(
        /^\/.+\.ya?ml$/,
        'not a file of the file provider: write the absolute path of a .yml or .yaml file',
      )
      .describe('The file that holds the weighted service, as the file provider reads it')
      .meta({ examples: ['/etc/traefik/dynamic/orders.yml'] }),
    staging: z
      .string()
      .regex(/^\/.+/, 'not an absolute path')
      .exactOptional()
      .describe(
        'Folder in which the new file is made, on the same file system and not watched; by default the one above',
      ),
    api: BaseUrl.describe("Address of Traefik's API").meta({ examples: ['http://127.0.0.1:8080'] }),
    metrics: BaseUrl.exactOptional().describe(
      'Address of its Prometheus metrics; by default /metrics of the API',
    ),
    service: Service.describe('The weighted service of the file'),
    old: Service.describe('Service of the old side, as the weighted service names it'),
    new: Service.describe('Service of the new side, as the weighted service names it'),
    mirroring: Service.exactOptional().describe('The mirroring service of the file; needed for shadow steps'),
    shadow: Service.exactOptional().describe(
      'Service that gets copies of requests, as the mirroring service names it',
    ),
    ...privateHttp,
  })
  .superRefine(demandFitting('api'))
  .refine((config) => config.old !== config.new, {
    message: 'old and new are the same service',
    path: ['new'],
  })
  .refine((config) => (config.shadow === undefined) === (config.mirroring === undefined), {
    message: '`shadow` and `mirroring` go together',
    path: ['shadow'],
  })
  .refine((config) => config.shadow === undefined || ![config.old, config.new].includes(config.shadow), {
    message:
      'the shadow is a side: copies could not be told from requests; give it a service of its own, with the same servers',
    path: ['shadow'],
  })
export type TraefikConfig = z.infer<typeof TraefikConfig>

export const spec = defineSpec({
  id: 'traffic/traefik',
  port: 'traffic',
  summary: 'split 0.01 %, mirror whole percents, by the file provider',
  config: TraefikConfig,
  supports: {
    port: 'traffic',
    compareAndSet: true,
    landsWithin: '6s', // a renamed file is read at once and served after providersThrottleDuration: 2 s unless set
    showsWithin: '6s', // three times that throttle; seen: 2.1 s at most
    proof: 'requests counted per service (traefik_service_requests_total)',
    weightStep: 0.01,
    mirror: true,
    cautions: [
      'the worker must run where the file is, with write permission on its folder and on the one in which the new file is made',
      'whoever else generates the file will overwrite weights set here',
      'a change shows after providersThrottleDuration, 2 s unless set: so much later users follow, on the way back too',
      'each request is dealt anew, and a user may change sides with every one: both sides must share the state of sessions; with `sticky` on the weighted service known users stay on their side while it has any weight at all',
      'a request body over maxBodySize of the mirroring service is silently not copied',
    ],
  },
  locks: (config, target) => [`traefik ${posix.normalize(config.file)} service ${config.service} ${target}`],
})
