// `cutover init`: writes a first runbook that validates as it is, with a comment where a value has to be changed.
import { textFlag } from '../arguments.ts'
import type { Command, Invocation } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { Problem, usageProblem } from '../problem.ts'
import { FIRST, METRICS, type Starter, TRAFFIC, starter } from '../runbook/starter.ts'

const FILE = 'cutover.yaml'
const NAME = /^[a-z][a-z0-9_-]{0,62}$/

export const init: Command = {
  name: 'init',
  usage:
    'init [FILE] [--service NAME] [--traffic haproxy|envoy] [--socket PLACE] [--metrics prometheus|http-json] [--prometheus URL]',
  about: 'Write a first runbook, with comments that say what to change',
  details: `FILE is ${FILE} unless given. A file that exists is never overwritten. With --socket it looks at HAProxy, with
--prometheus at Prometheus, once, and fills in what it finds; it says what it found and what it guesses.`,
  examples: [
    'cutover init orders.yaml',
    'cutover init orders.yaml --service orders --socket /run/haproxy/admin.sock --prometheus http://prometheus:9090',
  ],
  flags: [
    { name: 'service', value: 'NAME', about: 'What moves' },
    { name: 'traffic', value: TRAFFIC.join('|'), about: 'What shares its requests; default: haproxy' },
    {
      name: 'socket',
      value: 'PLACE',
      about: "HAProxy's runtime socket: a path or host:port; it is looked at",
    },
    { name: 'metrics', value: METRICS.join('|'), about: 'Where its numbers are; default: prometheus' },
    { name: 'prometheus', value: 'URL', about: 'Where Prometheus is; it is looked at' },
  ],
  async run({ args, flags, out }) {
    const [file = FILE, ...rest] = args
    if (rest.length > 0) throw usageProblem('init takes one FILE at most', ['cutover init [FILE]'])
    const wish = wishIn(flags)
    const { writeFile } = await import('node:fs/promises')
    const { discovered } = await import('../runbook/discovered.ts')
    const found = await discovered(wish.first, wish.look)
    try {
      await writeFile(file, starter(found.starter), { flag: 'wx' }) // wx: an existing file is never touched, not even in a race
    } catch (error) {
      throw refusal(file, error as NodeJS.ErrnoException)
    }
    if (out.json) out.document({ file, found: found.said })
    else {
      for (const line of found.said) out.line(line)
      out.line(`${file} written. Next:`)
      out.line(`  cutover validate ${file}          after every change`)
      out.line(`  cutover plan ${file} --offline    what it would do, without a server`)
    }
    return EXIT.done
  },
}

type Wish = { first: Starter; look: { traffic: boolean; metrics: boolean } }

/** What was asked for, over what a first runbook has. */
function wishIn(flags: Invocation['flags']): Wish {
  const [socket, url, service] = ['socket', 'prometheus', 'service'].map((name) => textFlag(flags, name))
  const traffic = oneOf(TRAFFIC, 'traffic', flags)
  const metrics = oneOf(METRICS, 'metrics', flags)
  if (socket !== undefined && traffic === 'envoy')
    throw usageProblem('--socket is about HAProxy: leave it out, or write --traffic haproxy')
  if (url !== undefined && metrics === 'http-json')
    throw usageProblem('--prometheus is about Prometheus: leave it out, or write --metrics prometheus')
  if (service !== undefined && !NAME.test(service))
    throw usageProblem(
      `${JSON.stringify(service)} cannot be the name of a service: lower case letters, digits, dashes and underscores`,
    )
  const { traffic: haproxy, metrics: prometheus, service: example } = FIRST
  const name = service ?? example
  const first: Starter = {
    service: name,
    traffic:
      traffic === 'envoy'
        ? { provider: 'envoy' }
        : ({ ...haproxy, backend: name, ...(socket !== undefined && { socket }) } as Starter['traffic']),
    metrics:
      metrics === 'http-json'
        ? { provider: 'http-json' }
        : { ...prometheus, ...(url !== undefined && { url }) },
    known: new Set(service === undefined ? [] : ['service']),
  }
  return { first, look: { traffic: socket !== undefined, metrics: url !== undefined } }
}

function oneOf<T extends string>(
  names: readonly T[],
  flag: string,
  flags: Invocation['flags'],
): T | undefined {
  const said = textFlag(flags, flag)
  const found = names.find((name) => name === said)
  if (said === undefined || found !== undefined) return found
  throw usageProblem(`init writes no runbook for ${flag} ${said}`, [`--${flag} ${names.join('|')}`])
}

function refusal(file: string, error: NodeJS.ErrnoException): Problem {
  if (error.code === 'EEXIST') {
    return new Problem({
      what: `${file} exists already`,
      why: 'it is not overwritten',
      todo: ['cutover init OTHER.yaml'],
      exitCode: EXIT.usage,
    })
  }
  return new Problem({
    what: `${file} cannot be written`,
    why: error.message,
    todo: ['cutover init FILE in a folder that exists and that you may write'],
    cause: error,
  })
}
