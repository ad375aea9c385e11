// The verb table: name, one line, how to load it. Loading is lazy so that `--help` costs nothing but this file.
import type { Command } from './command.ts'

export type Verb = {
  name: string
  about: string
  group: 'Prepare' | 'Run' | 'Decide' | 'Look back' | 'Servers' | 'Shell'
  load(): Promise<Command>
  /** It ends in order on Ctrl-C and picks its exit code; the others are simply ended. */
  endsItself?: boolean
}

export const verbs: Verb[] = [
  {
    name: 'init',
    about: 'Write a first runbook, with a comment on every line',
    group: 'Prepare',
    load: async () => (await import('./commands/init.ts')).init,
  },
  {
    name: 'validate',
    about: 'Check a runbook: every mistake with file, line and what would be right',
    group: 'Prepare',
    load: async () => (await import('./commands/validate.ts')).validate,
  },
  {
    name: 'plan',
    about: 'Show what a run would change, from what to what, and how it goes back',
    group: 'Prepare',
    load: async () => (await import('./commands/plan.ts')).plan,
  },
  {
    name: 'rbac',
    about: 'Print the Kubernetes role that a runbook needs, and no more',
    group: 'Prepare',
    load: async () => (await import('./commands/rbac.ts')).rbac,
  },
  {
    name: 'schema',
    about: 'Print the JSON Schema of runbooks, for editors',
    group: 'Prepare',
    load: async () => (await import('./commands/schema.ts')).schema,
  },
  {
    name: 'start',
    about: 'Start a run of a runbook',
    group: 'Run',
    load: async () => (await import('./commands/start.ts')).start,
    endsItself: true,
  },
  {
    name: 'status',
    about: 'Show where a run is, once',
    group: 'Run',
    load: async () => (await import('./commands/status.ts')).status,
  },
  {
    name: 'watch',
    about: 'Follow a run until it ends; Ctrl-C leaves it running',
    group: 'Run',
    load: async () => (await import('./commands/watch.ts')).watch,
    endsItself: true,
  },
  {
    name: 'approve',
    about: 'Open the gate that waits for a person',
    group: 'Decide',
    load: async () => (await import('./commands/approve.ts')).approve,
  },
  {
    name: 'abort',
    about: 'Stop a run and put everything back',
    group: 'Decide',
    load: async () => (await import('./commands/abort.ts')).abort,
    endsItself: true,
  },
  {
    name: 'retry',
    about: 'Try again what a stuck run asks about',
    group: 'Decide',
    load: async () => (await import('./commands/retry.ts')).retry,
  },
  {
    name: 'skip',
    about: 'Leave what a stuck run asks about to a person; it is listed',
    group: 'Decide',
    load: async () => (await import('./commands/skip.ts')).skip,
  },
  {
    name: 'promote',
    about: 'End the time of the hold in progress now; its checks still have to be good',
    group: 'Decide',
    load: async () => (await import('./commands/promote.ts')).promote,
  },
  {
    name: 'extend',
    about: 'Let the hold in progress, or a question that expires, last longer',
    group: 'Decide',
    load: async () => (await import('./commands/extend.ts')).extend,
  },
  {
    name: 'retune',
    about: 'Let a guard judge by another limit while it is watched',
    group: 'Decide',
    load: async () => (await import('./commands/retune.ts')).retune,
  },
  {
    name: 'pause',
    about: 'Begin nothing new; what is held is held on, and stays watched',
    group: 'Decide',
    load: async () => (await import('./commands/pause.ts')).pause,
  },
  {
    name: 'resume',
    about: 'Let a run that is paused go on',
    group: 'Decide',
    load: async () => (await import('./commands/resume.ts')).resume,
  },
  {
    name: 'list',
    about: 'List the runs under way (--all: the ended ones too)',
    group: 'Look back',
    load: async () => (await import('./commands/list.ts')).list,
  },
  {
    name: 'report',
    about: 'Write what a run did, with its evidence, as HTML or JSON',
    group: 'Look back',
    load: async () => (await import('./commands/report.ts')).report,
  },
  {
    name: 'worker',
    about: 'Run a worker: it does the work of the runs',
    group: 'Servers',
    load: async () => (await import('./commands/worker.ts')).worker,
    endsItself: true,
  },
  {
    name: 'dev',
    about: 'Run a Temporal dev server and a worker in one',
    group: 'Servers',
    load: async () => (await import('./commands/dev.ts')).dev,
    endsItself: true,
  },
  {
    name: 'demo',
    about: 'Move a real workload between real servers on this machine, and back',
    group: 'Servers',
    load: async () => (await import('./commands/demo.ts')).demo,
    endsItself: true,
  },
  {
    name: 'completion',
    about: 'Print the completion script for bash, zsh or fish',
    group: 'Shell',
    load: async () => (await import('./commands/completion.ts')).completion,
  },
]
