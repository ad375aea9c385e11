// Standard output and error as the verbs see them. Knows whether a person is looking; quiet when the reader has gone.
import type { Output } from '../command.ts'
import { type Program, asCalled } from '../program.ts'
import type { Json } from '../../workflows/json.ts'

const WIDTH_WITHOUT_TERMINAL = 100 // a log file has no width; this one is still read without scrolling sideways
const WIDTH_MIN = 40 // below this tables cannot be cut any more

export function terminalOutput(options: { json: boolean; color: boolean; program?: Program }): Output {
  const { program } = options
  const said = (text: string): string => (program === undefined ? text : asCalled(text, program))
  const { stdout, stderr } = process
  return {
    json: options.json,
    tty: stdout.isTTY === true,
    color: options.color,
    get width() {
      return Math.max(WIDTH_MIN, stdout.columns || WIDTH_WITHOUT_TERMINAL)
    },
    write: (text) => void stdout.write(text),
    line: (text = '') => void stdout.write(`${said(text)}\n`),
    error: (text) => void stderr.write(`${said(text)}\n`),
    document: (value: Json) => void stdout.write(`${JSON.stringify(value, null, 2)}\n`),
  }
}

/** `cutover list | head -1`: the reader has what it wanted, that is no failure. */
export function endQuietlyWithoutReader(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(0)
      throw error
    })
  }
}
