// How the demo speaks: acts, lines, the live view with the load beneath it. On a terminal it redraws, elsewhere it logs.
import type { Output } from '../../client/command.ts'
import { fittedText } from '../../client/output/fit.ts'
import { lineLog } from '../../client/output/line-log.ts'
import { live } from '../../client/output/live.ts'
import { paint, wrap } from '../../client/output/paint.ts'
import type { RunView } from '../../view/model.ts'

const ROWS_UNKNOWN = 40
const FOOT_ROWS = 4 // kept for what stands beneath the view

export type Story = {
  act(number: number, title: string, lines: string[]): void
  say(text: string): void
  good(text: string): void
  bad(text: string): void
  /** A command as an operator would type it. */
  command(text: string): void
  /** Shows a view and what stands beneath it. */
  show(view: RunView, foot: string[]): void
  /** Leaves the last view where it is; what is said next stands beneath. */
  rest(): void
}

export function storyTo(out: Output): Story {
  const ink = paint(out.color)
  let block: ReturnType<typeof live> | null = null
  let lines = lineLog()
  const rest = () => {
    block?.end()
    block = null
  }
  const line = (text: string) => {
    rest()
    out.line(text)
  }
  const prose = (text: string, sign = '') => {
    const indent = sign === '' ? '  ' : '    '
    const room = out.width - indent.length
    const [first = '', ...more] = text.length <= room ? [text] : wrap(text, room) // what stands in columns stays there
    line(sign === '' ? `  ${first}`.trimEnd() : `  ${sign} ${first}`)
    for (const each of more) line(`${indent}${each}`)
  }
  return {
    act(number, title, words) {
      line('')
      line(ink.bold(`Act ${number}  ${title}`))
      for (const each of words) for (const part of wrap(each, out.width - 2)) line(ink.dim(`  ${part}`))
      lines = lineLog()
    },
    say: (text) => prose(text),
    good: (text) => prose(text, ink.green('✔')),
    bad: (text) => prose(text, ink.red('✖')),
    command: (text) => line(`\n  ${ink.cyan('$')} ${ink.bold(text)}`),
    show(view, foot) {
      if (!out.tty) {
        for (const each of lines(view)) out.line(`  ${each}`)
        return
      }
      block ??= live(out, () => process.stdout.rows ?? ROWS_UNKNOWN)
      const height = (process.stdout.rows ?? ROWS_UNKNOWN) - FOOT_ROWS - foot.length
      const look = { width: out.width, color: out.color, now: Date.now() }
      block.draw(['', ...fittedText(view, look, height), '', ...foot.map((each) => ink.dim(each))])
    },
    rest,
  }
}
