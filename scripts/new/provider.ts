// The files of a new provider: its folder, its page, its contract test. Pure.
import { camel, pascal } from './words.ts'

type Port = {
  /** The type of the port, and where it is. */
  type: string
  /** What `supports` says besides the port and its cautions. */
  supports: string[]
  /** The calls, as methods of the object that `connect` returns. */
  calls: string[]
}

const CHANGING = [
  'compareAndSet: false, // WRITE: whether a write can be refused over anything but what was seen',
  "landsWithin: '10s', // WRITE: after this long a write that timed out cannot land any more; measure it",
  "showsWithin: '10s', // WRITE: after this long an accepted write that does not show was ignored; measure it",
  'proof: null, // WRITE: on what `confirm` rests, in words for the plan',
]
const CHANGES = ['async observe(target, io)', 'async write({ target }, io)']

export const PORTS = {
  traffic: {
    type: 'TrafficPort',
    supports: [...CHANGING, 'weightStep: 1,', 'mirror: false,'],
    calls: CHANGES,
  },
  dns: { type: 'DnsPort', supports: CHANGING, calls: CHANGES },
  capacity: { type: 'CapacityPort', supports: CHANGING, calls: CHANGES },
  metrics: { type: 'MetricsPort', supports: ["language: 'text',"], calls: ['async query(query, io)'] },
  probe: { type: 'ProbePort', supports: [], calls: ['async probe(request, io)'] },
  preflight: {
    type: 'PreflightPort',
    supports: ["checks: ['readiness'], // WRITE: every check by its name"],
    calls: ['async examine(demand, io)'],
  },
  notify: { type: 'NotifyPort', supports: [], calls: ['async send(notice, io)', 'async reach(io)'] },
} satisfies { [port: string]: Port }

export function providerFiles(port: keyof typeof PORTS, name: string): { [file: string]: string } {
  const id = `${port}/${name}`
  const { type, supports, calls }: Port = PORTS[port]
  const [constant, config] = [camel(name), `${pascal(name)}Config`]
  const isChanging = supports.length >= CHANGING.length
  return {
    [`activities/${id}/schema.ts`]: `// ${id}, offline half: what a runbook may say of it, and what plans may rely on. Holds no client code.
import { z } from 'zod'
import { defineSpec } from '../../provider.ts'

export const ${config} = z.strictObject({
  url: z.url().describe('WRITE: where it is'),
})
export type ${config} = z.infer<typeof ${config}>

export const spec = defineSpec({
  id: '${id}',
  port: '${port}',
  summary: 'WRITE: in a few words, for the table of providers',
  config: ${config},
  supports: {
    port: '${port}',
${supports.map((line) => `    ${line}\n`).join('')}    cautions: ['WRITE: what an operator must know, shown in the plan'],
  },
  locks: ${isChanging ? `(config, target) => [\`\${config.url} \${target}\`], // WRITE: the real resource, the same however it is named` : '() => [],'}
})
`,
    [`activities/${id}/index.ts`]: `// ${id}: our port in its words.
import type { ${type} } from '../../../workflows/ports/${port}.ts'
import { failure } from '../../failure.ts'
import { defineProvider } from '../../provider.ts'
import { spec } from './schema.ts'

export const ${constant} = defineProvider({
  spec,
  connect(config): ${type} {
    return {
${calls
  .map(
    (call) => `      // WRITE
      ${call} {
        io.signal.throwIfAborted()
        throw failure('Unsupported', \`${id} at \${config.url} is not written yet${said(call) === 'io' ? '' : `: \${JSON.stringify(${said(call)})}`}\`)
      },
`,
  )
  .join('')}    }
  },
})
`,
    [`docs/providers/${port}-${name}.md`]: `# ${id}

WRITE: what it does, and on which versions it was tried, with the date.

<!-- configuration of ${id}: generated -->
<!-- end of configuration of ${id} -->

**Permissions.** WRITE: the least it needs.

## Quirks
| what | so |
|---|---|
`,
    [`test/contract/${port}/${name}.test.ts`]: `// ${id} against the contract of its port, on a real server.
import { expect, it } from 'vitest'

it('is held to the contract of its port', () => {
  expect.fail('WRITE: the bench of ${id}; see docs/adding-a-provider.md, part 4')
})
`,
  }
}

/** The argument that a refusal names: the last one before `io`. */
function said(call: string): string {
  return /(\w+)(?=,|\s*\}|\))/.exec(call.slice(call.indexOf('(')))?.[1] ?? 'io'
}
