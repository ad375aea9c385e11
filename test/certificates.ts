// A certificate authority for tests, by openssl: certificates for a name and a time, to the second, in files as an
// operator would have them.
import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const DAY_MS = 24 * 60 * 60 * 1_000
const run = promisify(execFile)

export interface CertificateFiles {
  cert: string
  key: string
}

export interface CertificateWish {
  /** As openssl writes them: `DNS:localhost`, `IP:127.0.0.1`. */
  names?: string[]
  from?: Date | undefined
  until?: Date | undefined
}

export interface Authority {
  /** File of its certificate. */
  ca: string
  /** A new certificate with a new key; `NAME.pem` and `NAME.key` in its folder. */
  issue(name: string, wish?: CertificateWish): Promise<CertificateFiles>
}

const CONFIG = `
[ca]
default_ca = one
[one]
new_certs_dir = .
database = index.txt
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
copy_extensions = copy
[any]
commonName = supplied
[authority]
basicConstraints = critical, CA:true
subjectKeyIdentifier = hash
`

export async function createAuthority(folder: string, name: string): Promise<Authority> {
  mkdirSync(folder, { recursive: true })
  const at = (file: string): string => join(folder, file)
  const openssl = (...args: string[]) => run('openssl', args, { cwd: folder })
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  writeFileSync(at('ca.cnf'), CONFIG)
  writeFileSync(at('index.txt'), '')
  const signing = ['-batch', '-config', 'ca.cnf', '-keyfile', 'ca.key', '-notext']
  await openssl('req', ...newKey, '-keyout', 'ca.key', '-out', 'ca.csr', '-subj', `/CN=${name}`)
  const itself = ['-selfsign', '-extensions', 'authority', '-in', 'ca.csr', '-out', 'ca.pem']
  await openssl('ca', ...signing, ...itself, ...validity({}))
  return {
    ca: at('ca.pem'),
    async issue(of, { names = ['DNS:localhost', 'IP:127.0.0.1'], from, until } = {}) {
      const files = { cert: at(`${of}.pem`), key: at(`${of}.key`) }
      const subject = ['-subj', `/CN=${of}`, '-addext', `subjectAltName=${names.join(',')}`]
      await openssl('req', ...newKey, '-keyout', files.key, '-out', `${of}.csr`, ...subject)
      const signed = ['-cert', 'ca.pem', '-in', `${of}.csr`, '-out', files.cert]
      await openssl('ca', ...signing, ...signed, ...validity({ from, until }))
      return files
    },
  }
}

/** From a day before: what reads it may have another clock. */
function validity({ from, until }: Pick<CertificateWish, 'from' | 'until'>): string[] {
  const starts = from ?? new Date(Date.now() - DAY_MS)
  const ends = until ?? new Date(Date.now() + DAY_MS)
  return ['-startdate', asn1(starts), '-enddate', asn1(ends)]
}

/** YYYYMMDDHHMMSSZ */
function asn1(time: Date): string {
  return time.toISOString().replaceAll(/[-:T]|\.\d+/g, '')
}
