// Whether a step asks by the sign that its edge tells users by: the header or cookie of a proof, beside that of the connection or of what
// was found there. Another one is worth a word and no refusal: something between them may translate.
import type { Json } from '../../../workflows/json.ts'
import type { PlannedStep } from '../../../workflows/plan.ts'
import { kindOf } from '../../../workflows/steps/kind-of.ts'
import type { TargetLook } from '../../../workflows/survey.ts'
import type { Parts } from '../parts.ts'
import type { Finding } from '../problem.ts'
import { partsOf } from '../schema-parts.ts'
import { isObject } from '../uses.ts'

type Sign = { header?: string | undefined; cookie?: string | undefined }

/** A connection that could lead members, if it were told how. */
export function unledFindings({ steps, connections }: Parts): Finding[] {
  return steps.flatMap((step) => {
    const asked = kindOf(step).tellsUsersBy?.(step.spec)
    const connection = connections.find(({ name }) => name === asked?.connection)
    if (asked === undefined || connection === undefined) return []
    const { spec, config, name, provider } = connection
    const isTold =
      partsOf(spec.config).shape?.[asked.field] === undefined || config[asked.field] !== undefined
    if (isTold) return []
    const message = `${name} does not say how it leads members, which a ${step.kind} needs`
    const fix = `give the connection ${name} the field ${asked.field} (${provider})`
    return [{ path: [...step.path, 'connection'], message, fix }]
  })
}

export function otherSigns({ steps, connections }: Parts): Finding[] {
  return steps.flatMap((step) => {
    const asked = kindOf(step).tellsUsersBy?.(step.spec)
    if (asked === undefined) return []
    const config = connections.find(({ name }) => name === asked.connection)?.config ?? {}
    const led = signIn(config[asked.field])
    if (led === null || isSame(asked.sign, led)) return []
    const path = [...step.path, ...asked.path]
    return [{ path, message: otherWords(asked, wordsOf(led)), fix: `write ${fieldOf(led)}` }]
  })
}

/** What only a look tells: the source of a map in NGINX (`$http_x_tenant`). One that is computed says nothing. */
export function otherSignsSeen(step: PlannedStep, looks: readonly TargetLook[]): string[] {
  const asked = kindOf(step).tellsUsersBy?.(step.spec)
  if (asked === undefined) return []
  return looks
    .filter(({ connection }) => connection === asked.connection)
    .flatMap(({ observed }) => {
      const source = observed?.facts?.['tells']
      if (typeof source !== 'string' || !/^\$(?:http|cookie)_/.test(source)) return []
      return source === sourceOf(asked.sign) ? [] : [otherWords(asked, source)]
    })
}

function otherWords({ sign, connection }: { sign: Sign; connection: string }, led: string): string {
  return `the proof asks by ${wordsOf(sign)}, and ${connection} tells members by ${led}: unless something before it makes the one from the other, members are answered by the old side and the run goes back`
}

function signIn(value: Json | undefined): Sign | null {
  const { header, cookie } = isObject(value) ? value : {}
  if (typeof header === 'string') return { header }
  return typeof cookie === 'string' ? { cookie } : null
}

/** Names of headers are the same in either case, those of cookies are not. */
function isSame(asked: Sign, led: Sign): boolean {
  return asked.header?.toLowerCase() === led.header?.toLowerCase() && asked.cookie === led.cookie
}

function sourceOf({ header, cookie }: Sign): string {
  return header === undefined
    ? `$cookie_${cookie ?? ''}`
    : `$http_${header.toLowerCase().replaceAll('-', '_')}`
}

function wordsOf({ header, cookie }: Sign): string {
  return header === undefined ? `cookie ${cookie ?? ''}` : `header ${header}`
}

function fieldOf({ header, cookie }: Sign): string {
  return header === undefined ? `cookie: ${cookie ?? ''}` : `header: ${header}`
}
