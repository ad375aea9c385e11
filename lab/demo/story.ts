// How the demo speaks: acts, lines, the live view with the load beneath it. On a terminal it redraws, elsewhere it logs.
import type { Output } from '../../client/command.ts'
import { fittedText } from '../../client/output/fit.ts'
import { lineLog } from '../../client/output/line-log.ts'
import { live } from '../../client/output/live.ts'
import { paint } from '../../client/output/paint.ts'
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
  return {
    act(number, title, words) {
      line('')
      line(ink.bold(`Act ${number}  ${title}`))
      for (const each of words) line(ink.dim(`  ${each}`))
      lines = lineLog()
    },
    say: (text) => line(`  ${text}`),
    good: (text) => line(`  ${ink.green('✔')} ${text}`),
    bad: (text) => line(`  ${ink.red('✖')} ${text}`),
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
