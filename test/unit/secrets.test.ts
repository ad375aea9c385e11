// Secrets: where they come from, and that no form of them is left in a text.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assert, property, string } from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { connectSecrets, redact, redactLookalikes } from '../../activities/secrets.ts'

describe('secrets', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cutover-secrets-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('come from the environment or a file, without the one newline an editor adds', async () => {
    const path = join(folder, 'token')
    writeFileSync(path, 'from file\n\n')
    const secrets = connectSecrets({ TOKEN: 'from env\n' })
    expect(await secrets.read('env:TOKEN')).toBe('from env')
    expect(await secrets.read(`file:${path}`)).toBe('from file\n')
    expect(secrets.known()).toEqual(['from env', 'from file\n'])
    writeFileSync(path, 'rotated')
    expect(await secrets.read(`file:${path}`)).toBe('rotated')
  })

  it('that are missing are named by their reference, and a secret in its place is not repeated', async () => {
    const secrets = connectSecrets({ EMPTY: '\n' })
    const said = async (reference: string) =>
      secrets
        .read(reference)
        .catch((error: { type?: string; message: string }) => `${error.type}: ${error.message}`)
    expect(await said('env:NOPE')).toBe(
      "Config: secret env:NOPE is not set in the worker's environment: set it and restart the worker",
    )
    expect(await said('env:EMPTY')).toBe('Config: secret env:EMPTY is empty: put the secret there')
    expect(await said('file:/nowhere/token')).toBe(
      'Config: secret file:/nowhere/token cannot be read by the worker: ENOENT',
    )
    expect(await said('file:/dev/zero')).toBe('Config: secret file:/dev/zero is no file')
    expect(await said('hunter2')).toBe(
      'Config: not a reference to a secret: write env:NAME or file:/path, never the secret itself',
    )
    expect(secrets.known()).toEqual([])
  })

  it('are only those that the owner of the worker has listed, whatever path or link leads to them', async () => {
    const [inside, outside] = [join(folder, 'inside'), join(folder, 'outside')]
    mkdirSync(inside)
    writeFileSync(join(inside, 'key'), 'key')
    writeFileSync(outside, 'shadow')
    symlinkSync(outside, join(inside, 'link'))
    symlinkSync(inside, join(folder, 'alias'))
    const env = { DNS_KEY: 'dns', PROM_TOKEN: 'prom', HOME: 'home', TEMPORAL_API_KEY: 'ours' }
    const secrets = connectSecrets(env, ['env:DNS_KEY', 'env:PROM_*', `file:${inside}/*`])
    const kind = (reference: string, of = secrets) =>
      of.read(reference).catch((error: { type?: string }) => error.type)
    expect(await kind('env:DNS_KEY')).toBe('dns')
    expect(await kind('env:PROM_TOKEN')).toBe('prom')
    expect(await kind(`file:${inside}/key`)).toBe('key')
    for (const no of [
      'env:HOME',
      'env:DNS_KEY2',
      `file:${outside}`,
      `file:${inside}/../outside`,
      `file:${inside}/link`,
    ])
      expect(await kind(no), no).toBe('Denied')
    const aliased = connectSecrets(env, [`file:${folder}/alias/*`])
    expect(await kind(`file:${folder}/alias/key`, aliased)).toBe('key')
    expect(await kind(`file:${outside}`, connectSecrets(env, ['file:/*']))).toBe('shadow')
    expect(await kind('env:HOME', connectSecrets(env))).toBe('home')
    expect(await kind('env:TEMPORAL_API_KEY', connectSecrets(env))).toBe('Denied')
    expect(secrets.known()).toEqual(['dns', 'prom', 'key'])
  })

  it('are masked in every text, also where one holds another, and as URLs, JSON and base64 write them', () => {
    expect(redact('a=abc b=abcdef', ['abc', 'abcdef'])).toBe('a=[secret] b=[secret]')
    expect(redact('?k=a%2Fb%22&j="a/b\\""', ['a/b"'])).toBe('?k=[secret]&j="[secret]"')
    expect(redact('Basic dXNlcjpwYXNz', ['user:pass'])).toBe('Basic [secret]')
    expect(redact('nothing known', [])).toBe('nothing known')
  })

  it('are never left, whatever they consist of and wherever they stand', () => {
    const secret = string({ minLength: 9, unit: 'grapheme' }) // longer than the mask: no text can be made of masks
    assert(
      property(string(), secret, string(), (before, hidden, after) => {
        expect(redact(before + hidden + after, [hidden])).not.toContain(hidden)
      }),
    )
  })

  it('of foreign programs are masked where they look like ones', () => {
    expect(redactLookalikes('password=hunter2 api_key: "a b" Bearer abcdefgh postgres://ana:pw@db/x')).toBe(
      'password=[secret] api_key: [secret] Bearer [secret] postgres://ana:[secret]@db/x',
    )
    expect(redactLookalikes('exit 3: no capacity in zone b')).toBe('exit 3: no capacity in zone b')
  })
})
