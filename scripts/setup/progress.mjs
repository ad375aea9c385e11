// Says what set-up is doing, one line per thing: "Node 24: fetching ...  done (6 s)". On failure it says what was
// tried, what came back and what to do. Must not decide anything. Plain JavaScript: must run on Node 18.
import { spawn } from 'node:child_process'

const SHOWN_LINES_EACH_END = 8 // npm names the cause first, pip and apt last

/** A set-up failure that is printed without a stack: `tried`, `answer`, `fix`. */
export class SetupError extends Error {
  constructor({ tried, answer, fix }) {
    super([`tried:  ${tried}`, `answer: ${answer}`, `do:     ${fix}`].join('\n'))
    this.name = 'SetupError'
  }
}

/** Prints the label at once, runs the work, and ends the line with how it went. */
export async function step(label, work) {
  const started = Date.now()
  process.stderr.write(`${label} ... `)
  try {
    const result = await work()
    process.stderr.write(` done (${Math.round((Date.now() - started) / 1000)} s)\n`)
    return result
  } catch (error) {
    process.stderr.write(' failed\n')
    throw error
  }
}

export function say(line) {
  process.stderr.write(`${line}\n`)
}

/** Runs a command quietly; rejects with a SetupError that carries the last lines of its output. */
export function run(command, args, { env = {}, cwd, fix }) {
  const tried = [command, ...args].join(' ')
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: cleanEnvironment(env), stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', (chunk) => (output += chunk))
    child.stderr.on('data', (chunk) => (output += chunk))
    child.on('error', (error) => reject(new SetupError({ tried, answer: error.message, fix })))
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(output)
      const answer = `${signal ?? `exit code ${code}`}\n${excerpt(output)}`
      reject(new SetupError({ tried, answer, fix }))
    })
  })
}

function excerpt(output) {
  const lines = output.trim().split('\n')
  const isLong = lines.length > 2 * SHOWN_LINES_EACH_END
  const shown = isLong
    ? [...lines.slice(0, SHOWN_LINES_EACH_END), '...', ...lines.slice(-SHOWN_LINES_EACH_END)]
    : lines
  return shown.map((line) => `        ${line}`).join('\n')
}

/** `npm run` hands its own settings down; a nested npm would take our package for its global prefix. */
function cleanEnvironment(extra) {
  const env = { ...process.env, ...extra }
  for (const name of Object.keys(env)) {
    if (/^npm_(package|lifecycle|command|config_(local_)?prefix|config_global_prefix)/.test(name))
      delete env[name]
  }
  return env
}
