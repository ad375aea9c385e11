// `npm run demo`: the product's story on real servers, in under three minutes. Exit code 0 only if all of it was so.
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import type { Output } from '../../client/command.ts'
import { connect } from '../../client/temporal.ts'
import { answerTo } from '../../client/output/question.ts'
import { terminalOutput } from '../../client/output/terminal.ts'
import type { Ended } from './acts.ts'
import { seconds, tallyOf } from './checks.ts'
import { openMeshProgramme } from './in-mesh.ts'
import { openLabProgramme } from './on-lab.ts'
import { untilCtrlC } from './stay.ts'
import { type Story, storyTo } from './story.ts'

const ACTS = ['1', '2', '3']
const FAILED = 1
const INTERRUPTED = 130 // as a shell has it for Ctrl-C
const USAGE = 'usage: npm run demo -- [--act 1|2|3] [--mesh | --sim] [--yes]'

type Choice = { acts: string[]; ground: 'lab' | 'mesh' | 'sim'; yes: boolean }

export async function runDemo(argv: string[], signal: AbortSignal): Promise<number> {
  const choice = read(argv)
  if ('wrong' in choice) {
    process.stderr.write(`${choice.wrong}\n${USAGE}\n`)
    return 2
  }
  const out = terminalOutput({
    json: false,
    color: process.stdout.isTTY === true && process.env['NO_COLOR'] === undefined,
  })
  const story = storyTo(out)
  try {
    return await perform({ story, out, choice, signal })
  } catch (error) {
    if (!signal.aborted) {
      story.say(`the demo could not go on: ${error instanceof Error ? error.message : String(error)}`)
      if (process.env['CUTOVER_DEBUG'] === '1') throw error
      return FAILED
    }
    story.say('stopped: the servers have been ended, and with them everything the demo had set')
    return INTERRUPTED
  }
}

async function perform({ story, out, choice, signal }: Performance): Promise<number> {
  if (choice.ground !== 'sim') return await onServers({ story, out, choice, signal })
  const { runSimulated } = await import('./simulated.ts')
  const ask = out.tty && !choice.yes ? asker(signal) : null
  return await runSimulated({ story, acts: choice.acts, ask, isStaying: out.tty, signal })
}

/** What is to be played, or what is wrong with the words. */
function read(argv: string[]): Choice | { wrong: string } {
  try {
    const { values } = parseArgs({
      args: argv,
      options: {
        act: { type: 'string' },
        mesh: { type: 'boolean' },
        sim: { type: 'boolean' },
        yes: { type: 'boolean', short: 'y' },
      },
    })
    if (values.act !== undefined && !ACTS.includes(values.act))
      return { wrong: `there is no act ${values.act}: ${ACTS.join(', ')}` }
    if (values.mesh && values.sim)
      return { wrong: '--mesh plays on real servers, --sim on none: take one of them' }
    return {
      acts: values.act === undefined ? ACTS : [values.act],
      ground: values.mesh ? 'mesh' : values.sim ? 'sim' : 'lab',
      yes: values.yes === true,
    }
  } catch (error) {
    return { wrong: (error as Error).message.split('. ', 1)[0] ?? '' } // an unknown flag, named; the usage line says what there is
  }
}

type Performance = { story: Story; out: Output; choice: Choice; signal: AbortSignal }

async function onServers({ story, out, choice, signal }: Performance): Promise<number> {
  story.say('cutover moves a live workload from an old home to a new one, and back again when it must.')
  const began = Date.now()
  const open = choice.ground === 'mesh' ? openMeshProgramme : openLabProgramme
  const { ground, environment, uiUrl, acts, close } = await open(story)
  const access = await connect({ ...process.env, ...environment })
  try {
    story.say(`ready after ${seconds((Date.now() - began) / 1_000)}. Temporal UI: ${uiUrl}`)
    const tally = tallyOf(story)
    const ask = out.tty && !choice.yes ? asker(signal) : null
    const playing = { story, cli: ground.cli, access, ask, signal }
    const ended: Ended[] = []
    for (const number of choice.acts) {
      if (ended.length > 0) await ground.reset()
      const act = acts[number]
      if (act !== undefined) ended.push(await act({ ground, playing, tally }))
    }
    lastWords(story, ended)
    if (out.tty && !signal.aborted) await untilCtrlC(story, { uiUrl, signal })
    return tally.failures() === 0 ? 0 : 1
  } finally {
    story.rest()
    await access.close()
    await close()
  }
}

function lastWords(story: Story, ended: Ended[]): void {
  const reports = ended.map(({ load }) => load).filter((load) => load !== null)
  const sum = (of: (report: (typeof reports)[number]) => number) =>
    reports.reduce((total, report) => total + of(report), 0).toLocaleString('en')
  story.say('')
  story.say(
    `requests   old ${sum(({ sides }) => sides.old.answered)}, new ${sum(({ sides }) => sides.new.answered)}; ${sum(({ injected }) => injected)} saw an error of the new version`,
  )
  story.say(`           ${sum(({ failed }) => failed)} failed`)
  for (const { view, times } of ended) {
    if (view.reason === null) continue
    story.say(
      `${view.reason.kind.padEnd(10)} -> old side serves again after ${seconds(times.traffic)}, everything restored after ${seconds(times.all)} (${view.service})`,
    )
  }
}

/** The person at the terminal; an empty answer is a yes, an input that ends (Ctrl-D) a no. */
function asker(signal: AbortSignal): (question: string) => Promise<boolean> {
  return async (question) => {
    const asking = { input: process.stdin, output: process.stdout, signal }
    const answer = await answerTo(`  ${question}`, asking)
    signal.throwIfAborted()
    return answer !== null && !/^\s*n/i.test(answer)
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const end = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => end.abort())
  process.exitCode = await runDemo(process.argv.slice(2), end.signal)
}
