// How members are told: as they are, or by expressions that read back as exactly those who were written.
import { assert, constantFrom, property, string, uniqueArray } from 'fast-check'
import { expect, test } from 'vitest'
import { headerOf, signsOf, usersOf } from '../../../activities/traffic/told-by.ts'

const user = string({
  unit: constantFrom(...'abcXYZ019._@:/+=-'),
  minLength: 1,
  maxLength: 128,
})

test('whoever is written is read, by a header and by a cookie, and nobody fits who is not', () => {
  assert(
    property(
      uniqueArray(user, { minLength: 1, maxLength: 60 }),
      user,
      constantFrom({ header: 'X-Tenant' }, { cookie: 'tenant' }),
      (users, stranger, by) => {
        const signs = signsOf(by, users, 'expression')
        expect(signs.flatMap((sign) => usersOf(by, sign))).toEqual(users)
        const value = (who: string): string => ('header' in by ? who : `theme=dark; tenant=${who}; lang=en`)
        const fits = (who: string): boolean =>
          signs.some((sign) => new RegExp(`^(?:${sign.value})$`).test(value(who)))
        expect(users.every(fits)).toBe(true)
        if (!users.includes(stranger)) expect(fits(stranger)).toBe(false)
      },
    ),
    { numRuns: 200 },
  )
})

test('expressions hold as many as fit into the value of a header, and one for each is all that can be compared as it is', () => {
  const users = Array.from({ length: 500 }, (_, at) => `tenant-${at}.example.com`)
  const signs = signsOf({ cookie: 'tenant' }, users)
  expect(signs.length).toBeLessThan(6)
  expect(signs.every(({ value }) => value.length <= 4_096)).toBe(true)
  expect(signsOf({ header: 'x-tenant' }, users)).toHaveLength(500)
})

test('what somebody else wrote is none of ours', () => {
  expect(headerOf({ header: 'X-Tenant' })).toBe('x-tenant')
  expect(headerOf({ cookie: 'tenant' })).toBe('cookie')
  for (const value of ['acme', '(acme', '(ac.me)', '(.*)', '(.*;\\s*)?other=(acme)(;.*)?'])
    expect(usersOf({ cookie: 'tenant' }, { kind: 'expression', value })).toBeNull()
  expect(usersOf({ cookie: 'tenant' }, { kind: 'exact', value: 'acme' })).toBeNull()
})
