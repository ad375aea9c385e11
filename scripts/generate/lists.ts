// The registries as source text: one line per folder, so that a provider, a step kind or a port is nothing but its own files.
import { type Entry, camel, kindsIn, pascal, portsIn, providersIn, watchedIn } from './folders.ts'

/** Path -> text, not formatted yet. */
export type Files = { [path: string]: string }

export function lists(): Files {
  return { ...portList(), ...providerLists(), ...kindLists(), ...watchedLists() }
}

function portList(): Files {
  const ports = portsIn()
  return {
    'workflows/ports/index.ts': `${header('the files beside it')}
// The ports by name: what a connection of each can do, what its provider publishes, and what the engine must know of it.
${ports.map(({ name }) => `import { type ${pascal(name)}Port, type ${pascal(name)}Supports, ${name} } from './${name}.ts'`).join('\n')}

export interface Ports {
${ports.map(({ name }) => `  ${name}: ${pascal(name)}Port`).join('\n')}
}

export type PortName = keyof Ports

/** Ports whose targets can be changed. */
export type ChangingPort = {
  [P in PortName]: Ports[P] extends { observe: unknown; write: unknown } ? P : never
}[PortName]

export type Supports = ${ports.map(({ name }) => `${pascal(name)}Supports`).join(' | ')}

export type SupportsOf<P extends PortName> = Extract<Supports, { port: P }>

export const ports = { ${ports.map(({ name }) => name).join(', ')} } as const
`,
  }
}

function providerLists(): Files {
  const providers = providersIn()
  const specs = providers.map(({ name }) => ({ name: camel(name), from: `./${name}/schema.ts` }))
  const online = providers.map(({ name, exported }) => ({
    name: camel(name),
    exported,
    from: `./${name}/index.ts`,
  }))
  return {
    'activities/specs.ts': `${header('the folders of providers')}
// The registry of providers, offline half: read by the CLI to check runbooks. Holds no clients.
${specs.map(({ name, from }) => `import { spec as ${name} } from '${from}'`).join('\n')}

export const specs = [${specs.map(({ name }) => name).join(', ')}] as const satisfies readonly unknown[]
`,
    'activities/providers.ts': `${header('the folders of providers')}
// The registry of providers, online half: read by the worker.
${online.map(({ name, exported, from }) => `import { ${renamed(exported, name)} } from '${from}'`).join('\n')}

export const providers = [${online.map(({ name }) => name).join(', ')}] as const satisfies readonly unknown[]
`,
  }
}

function kindLists(): Files {
  const kinds = kindsIn()
  const undone = kinds.filter(({ hasUndo }) => hasUndo)
  return {
    'workflows/steps/schemas.ts': `${header('the folders beside it')}
// The step kinds, runbook half, as zod: read by the CLI, by workflow code as types only.
${kinds.map(({ name }) => `import { ${pascal(name)} } from './${name}/schema.ts'`).join('\n')}

export const stepSchemas = {
${kinds.map(({ name }) => `  ${key(name)}: ${pascal(name)},`).join('\n')}
} as const

export type StepKind = keyof typeof stepSchemas
`,
    'workflows/steps/kinds.ts': `${header('the folders beside it')}
// The step kinds, what is known of each without carrying it out: pure, read by the CLI and by the engine.
import type { Kind } from './kind.ts'
${kinds.map((each) => `import { ${renamed(each.exported, kindName(each))} } from './${each.name}/kind.ts'`).join('\n')}
import type { StepKind } from './schemas.ts'

export const kinds: { [K in StepKind]: Kind<K> } = {
${kinds.map((each) => `  ${key(each.name)}: ${kindName(each)},`).join('\n')}
}
`,
    'workflows/steps/runs.ts': `${header('the folders beside it')}
// The step kinds, engine half: what each does, in the engine's words.
import type { PlannedStep } from '../plan.ts'
import type { Run } from '../run/run.ts'
${kinds.map(({ name }) => `import { run${pascal(name)} } from './${name}/run.ts'`).join('\n')}
import type { StepKind } from './schemas.ts'

export const runs: { [K in StepKind]: (run: Run, step: PlannedStep<K>) => Promise<void> } = {
${kinds.map(({ name }) => `  ${key(name)}: run${pascal(name)},`).join('\n')}
}
`,
    'workflows/steps/undos.ts': `${header('the folders beside it')}
// The way back of the step kinds for which it is more than writing back what was there before; most have none.
import type { PlannedStep } from '../plan.ts'
import type { Run } from '../run/run.ts'
${undone.map(({ name }) => `import { undo${pascal(name)} } from './${name}/undo.ts'\n`).join('')}import type { StepKind } from './schemas.ts'

export const undos: { [K in StepKind]?: (run: Run, step: PlannedStep<K>) => Promise<void> } = {
${undone.map(({ name }) => `  ${key(name)}: undo${pascal(name)},`).join('\n')}
}
`,
  }
}

function watchedLists(): Files {
  const watched = watchedIn()
  return {
    'workflows/watched/index.ts': `${header('the files beside it')}
// What can be watched, by name. Types only.
${watched.map(({ name, exported }) => `import type { ${exported} } from './${name}.ts'`).join('\n')}

export type Subject = ${watched.map(({ exported }) => exported).join(' | ')}

export type What = Subject['what']
`,
    'activities/watch/readers/index.ts': `${header('the files beside it')}
// How everything that can be watched is read.
import type { What } from '../../../workflows/watched/index.ts'
import type { Reader } from '../reader.ts'
${watched.map(({ name, reader }) => `import { ${renamed(reader, camel(name))} } from './${name}.ts'`).join('\n')}

export const readers: { [W in What]: Reader<W> } = {
${watched.map(({ name }) => `  ${entry(name, camel(name))},`).join('\n')}
}
`,
  }
}

function kindName({ name }: Entry): string {
  return `${camel(name)}Kind`
}

function header(from: string): string {
  return `// Generated by \`npm run generate\` from ${from}: change those, never this.`
}

function renamed(exported: string, name: string): string {
  return exported === name ? name : `${exported} as ${name}`
}

function entry(name: string, value: string): string {
  return name === value ? name : `${key(name)}: ${value}`
}

function key(name: string): string {
  return /^\w+$/.test(name) ? name : `'${name}'`
}
