// A mutating webhook of the tests: the API server asks it at every write of a kind of object, and takes over what it answers.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Kubernetes } from '../../lab/servers/kubernetes.ts'
import { createAuthority } from '../certificates.ts'

const CONFIGURATIONS = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations'
const NAME = 'changes-it.cutover.test'

type Review = { request: { uid: string; object: { metadata: { name: string } } } }

/** `change`: a JSON Patch of the object; none = it stays. */
export async function startWebhook(
  kubernetes: Kubernetes,
  folder: string,
  of: { group: string; resource: string; change(object: Review['request']['object']): object[] },
): Promise<{ end(): Promise<void> }> {
  const authority = await createAuthority(join(folder, 'webhook'), 'authority of the webhook')
  const { cert, key } = await authority.issue('webhook', { names: ['IP:127.0.0.1'] })
  const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (asked, response) => {
    const chunks: Buffer[] = []
    asked.on('data', (chunk: Buffer) => chunks.push(chunk))
    asked.on('end', () => {
      const { request } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Review
      const patch = Buffer.from(JSON.stringify(of.change(request.object))).toString('base64')
      const answer = { uid: request.uid, allowed: true, patchType: 'JSONPatch', patch }
      response.setHeader('content-type', 'application/json')
      response.end(
        JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: answer }),
      )
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  await kubernetes.create(CONFIGURATIONS, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: NAME },
    webhooks: [
      {
        name: NAME,
        clientConfig: {
          url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/`,
          caBundle: readFileSync(authority.ca).toString('base64'),
        },
        rules: [
          { apiGroups: [of.group], apiVersions: ['*'], operations: ['UPDATE'], resources: [of.resource] },
        ],
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
      },
    ],
  })
  return {
    end: async () => {
      await kubernetes.remove(`${CONFIGURATIONS}/${NAME}`)
      server.closeAllConnections()
      server.close()
    },
  }
}
