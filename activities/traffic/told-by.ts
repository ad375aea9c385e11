// How the users of a cohort are told apart at an edge that matches requests itself: by the value of a header, or of a cookie. Pure,
// offline half. Every edge that does so writes the same expressions, and reads only what it could have written.
import { z } from 'zod'
import { HeaderName } from '../../workflows/steps/fields.ts'
import { escaped } from '../envoy/admin-names.ts'

/** For the schema of a connection. */
export const toldBy = {
  header: HeaderName.exactOptional().describe('The header whose value says who asks'),
  cookie: HeaderName.exactOptional().describe('The cookie whose value says who asks; instead of a header'),
}

export interface ToldBy {
  header?: string
  cookie?: string
}

/** For `superRefine`. */
export function demandOneSign({ header, cookie }: ToldBy, context: z.core.$RefinementCtx): void {
  if ((header === undefined) !== (cookie === undefined)) return
  const message = 'say by which header or by which cookie users are told apart: one of them'
  context.addIssue({ code: 'custom', path: ['header'], message })
}

/** What the value of a header must be: exactly this, or all of it fitting this expression (RE2). */
export interface Sign {
  kind: 'exact' | 'expression'
  value: string
}

const EXPRESSION_CHARACTERS_MAX = 4_096 // what an HTTPRoute takes as the value of a header

/** As all of them write it. */
export function headerOf({ header }: ToldBy): string {
  return header === undefined ? 'cookie' : header.toLowerCase()
}

/** As few as there can be: one for each user where values are compared as they are, else expressions of many. */
export function signsOf(by: ToldBy, users: string[], kind: Sign['kind'] = kindFor(by)): Sign[] {
  if (kind === 'exact') return users.map((value) => ({ kind, value }))
  const groups: string[][] = []
  for (const user of users) {
    const last = groups.at(-1)
    const isFull = last === undefined || expression(by, [...last, user]).length > EXPRESSION_CHARACTERS_MAX
    if (isFull) groups.push([user])
    else last.push(user)
  }
  return groups.map((group) => ({ kind, value: expression(by, group) }))
}

/** Whom a sign leads; null: it is none of ours. */
export function usersOf(by: ToldBy, { kind, value }: Sign): string[] | null {
  if (kind === 'exact') return by.header === undefined ? null : [value]
  const { before, after } = around(by)
  if (!value.startsWith(before) || !value.endsWith(after)) return null
  const users = value
    .slice(before.length, value.length - after.length)
    .split('|')
    .map((user) => user.replaceAll(/\\(.)/g, '$1'))
  return expression(by, users) === value ? users : null
}

/** A cookie is one of many in its header. */
export function kindFor({ header }: ToldBy): Sign['kind'] {
  return header === undefined ? 'expression' : 'exact'
}

export function wordsOf({ header, cookie }: ToldBy): string {
  return header === undefined ? `cookie ${cookie}` : `header ${header}`
}

function expression(by: ToldBy, users: string[]): string {
  const { before, after } = around(by)
  return `${before}${users.map(escaped).join('|')}${after}`
}

function around({ cookie }: ToldBy): { before: string; after: string } {
  return cookie === undefined
    ? { before: '(', after: ')' }
    : { before: `(.*;\\s*)?${escaped(cookie)}=(`, after: ')(;.*)?' }
}
