// The certificates and the key of a connection, read from the files that the runbook names. Looks at them before they are
// used: OpenSSL names neither the file nor the field. Raises Config.
import { X509Certificate, createPrivateKey } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { failure } from './failure.ts'
import type { Tls } from './private-config.ts'
import type { Secrets } from './provider.ts'

const FILE_BYTES_MAX = 1024 * 1024 // every public authority together is a quarter of it
const CERTIFICATE =
  /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[\s\S]+?-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g

/** As `tls.connect` takes them. */
export interface TlsMaterial {
  ca?: string
  cert?: string
  key?: string
}

export async function readTls(tls: Tls, secrets: Secrets): Promise<TlsMaterial> {
  const [ca, cert, key] = await Promise.all([
    tls.ca === undefined ? undefined : textOf('tls.ca', tls.ca),
    tls.cert === undefined ? undefined : textOf('tls.cert', tls.cert),
    tls.key === undefined ? undefined : secrets.read(referenceOf(tls.key)),
  ])
  if (ca !== undefined) certificateIn(ca, `tls.ca ${tls.ca}`)
  if (cert !== undefined && key !== undefined)
    demandPair({ cert, key }, { cert: `tls.cert ${tls.cert}`, key: `tls.key ${tls.key}` })
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  }
}

/** A path is short for `file:` and a path: which keys a runbook may use on this worker is asked of both alike. */
function referenceOf(key: string): string {
  return key.startsWith('/') ? `file:${key}` : key
}

async function textOf(field: string, path: string): Promise<string> {
  try {
    const { size, isFile } = await sizeOf(path)
    if (!isFile) throw failure('Config', `${field} ${path} is no file`)
    if (size > FILE_BYTES_MAX)
      throw failure('Config', `${field} ${path} is larger than ${FILE_BYTES_MAX / 1024} KiB: no certificates`)
    return await readFile(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    throw failure('Config', `${field} ${path} cannot be read by the worker: ${code}`, { cause: error })
  }
}

async function sizeOf(path: string): Promise<{ size: number; isFile: boolean }> {
  const found = await stat(path)
  return { size: found.size, isFile: found.isFile() }
}

/** The first certificate of a text, once all of them were understood. */
function certificateIn(text: string, where: string): X509Certificate {
  const certificates = (text.match(CERTIFICATE) ?? []).map((pem, at) => {
    try {
      return new X509Certificate(pem)
    } catch (cause) {
      throw failure('Config', `${where}: its certificate ${at + 1} cannot be understood`, { cause })
    }
  })
  const [first] = certificates
  if (first !== undefined) return first
  throw failure('Config', `${where} holds no certificate: PEM is needed (-----BEGIN CERTIFICATE-----)`)
}

type Pair = { cert: string; key: string }

function demandPair({ cert, key }: Pair, where: Pair): void {
  const certificate = certificateIn(cert, where.cert)
  if (!certificate.checkPrivateKey(privateKeyIn(key, where.key)))
    throw failure('Config', `${where.key} is not the key of ${where.cert}`)
}

/** Without a cause: what a parser says of a key may hold some of it. */
function privateKeyIn(text: string, where: string): ReturnType<typeof createPrivateKey> {
  if (/ENCRYPTED/.test(text))
    throw failure('Config', `${where} is protected by a passphrase: put the key there without one`)
  try {
    return createPrivateKey(text)
  } catch {
    throw failure('Config', `${where} holds no private key: PEM is needed (-----BEGIN PRIVATE KEY-----)`)
  }
}
