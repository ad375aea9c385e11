// What makes an HTTP connection private: certificates, the name of the server, a proxy. Every provider that speaks HTTP
// takes these fields. Offline half: imports no client, no node module.
import { z } from 'zod'
import { BaseUrl, SecretReference } from './config.ts'

const HOST_NAME =
  /^(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)*$/

const WorkerFile = z
  .string()
  .regex(/^\/./, 'not a file of the worker: write its absolute path')
  .meta({ examples: ['/etc/cutover/tls/ca.pem'] })

export const Tls = z
  .strictObject({
    ca: WorkerFile.exactOptional().describe(
      'File of the authorities (PEM) that may have signed the certificate of the server. They replace the public ones',
    ),
    cert: WorkerFile.exactOptional().describe(
      'File of the certificate (PEM, with what leads to its authority) that the worker shows to the server',
    ),
    key: z
      .union([WorkerFile, SecretReference], {
        error: 'not where a key is: write an absolute path, env:NAME or file:/path, never the key itself',
      })
      .exactOptional()
      .describe('Private key of `cert` (PEM, without passphrase): a file of the worker, or a secret'),
    server_name: z
      .string()
      .regex(HOST_NAME, 'not a host name')
      .refine((name) => !/\.?\d+$/.test(name), { message: 'not a host name' }) // an address: names in TLS never are one
      .exactOptional()
      .describe(
        'Name that the certificate of the server must carry, where that is not the host of the address. It is sent too (SNI)',
      ),
  })
  .refine(({ cert, key }) => (cert === undefined) === (key === undefined), {
    message: 'cert and key belong together: name both or neither',
  })
export type Tls = z.infer<typeof Tls>

/** The fields, for `z.strictObject({ url: BaseUrl, ...privateHttp })`. */
export const privateHttp = {
  tls: Tls.exactOptional().describe(
    'Certificates of this connection. Their files are on the worker and are read again when they change',
  ),
  proxy: BaseUrl.exactOptional()
    .describe('Proxy through which the server is reached; https by CONNECT')
    .meta({ examples: ['http://proxy.example:3128'] }),
  proxy_auth: SecretReference.exactOptional().describe('user:password for the proxy (Basic)'),
}

export interface PrivateHttp {
  tls?: Tls
  proxy?: string
  proxy_auth?: string
}

/** For `superRefine` of a configuration whose address is in the field `address`. */
export function demandFitting<A extends string>(
  address: A,
): (config: PrivateHttp & Record<A, string>, context: z.core.$RefinementCtx) => void {
  return (config, context) => {
    const refuse = (field: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [field], message })
    if (config.tls !== undefined && config[address].startsWith('http:'))
      refuse('tls', `${address} is an http:// address, where no certificate is shown: write https://`)
    if (config.proxy_auth !== undefined && config.proxy === undefined)
      refuse('proxy_auth', 'there is no proxy: name it in proxy, or leave this out')
  }
}
