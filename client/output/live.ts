// Redraws a block of lines in place without flicker. Hides the cursor while it lives and always gives it back.
import type { Output } from '../command.ts'
import { rowsIn } from './paint.ts'

const ESC = '\u001b['
const HIDE_CURSOR = `${ESC}?25l`
const SHOW_CURSOR = `${ESC}?25h`
const BEGIN_SYNC = `${ESC}?2026h` // terminals that know it show the frame at once; others ignore it
const END_SYNC = `${ESC}?2026l`
const CLEAR_LINE_REST = `${ESC}K`
const CLEAR_BELOW = `${ESC}J`
const CLEAR_ALL = `${ESC}2J${ESC}H`

export type Live = {
  /** Shows these lines instead of the last ones; what does not fit the terminal's height is left out at the end. */
  draw(lines: string[]): void
  /** Leaves the last frame where it is and gives the cursor back. */
  end(): void
}

export function live(out: Output, rows: () => number): Live {
  let height = 0
  const showCursor = () => out.write(SHOW_CURSOR)
  process.once('exit', showCursor)
  out.write(HIDE_CURSOR)
  // Lines of the last frame have wrapped by now: where it began is unknown.
  const startOver = () => {
    height = 0
    out.write(CLEAR_ALL)
  }
  process.stdout.on('resize', startOver)
  return {
    draw(lines) {
      const shown = within(lines, { rows: Math.max(1, rows() - 1), width: out.width }) // one row stays free, else the terminal scrolls
      const up = height > 0 ? `${ESC}${height}A` : ''
      const body = shown.map((line) => `${line}${CLEAR_LINE_REST}\n`).join('')
      out.write(`${BEGIN_SYNC}${up}\r${body}${CLEAR_BELOW}${END_SYNC}`)
      height = rowsIn(shown, out.width)
    },
    end() {
      process.off('exit', showCursor)
      process.stdout.off('resize', startOver)
      showCursor()
    },
  }
}

function within(lines: string[], { rows, width }: { rows: number; width: number }): string[] {
  let shown = lines
  while (shown.length > 1 && rowsIn(shown, width) > rows) shown = shown.slice(0, -1)
  return shown
}
