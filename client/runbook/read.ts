// A runbook file as text, or why it cannot be one: missing, too large, not UTF-8. Reads a bounded number of bytes.
import { isUtf8 } from 'node:buffer'
import { open } from 'node:fs/promises'

const BYTES_MAX = 1024 * 1024 // a runbook of a thousand steps is a tenth of this
const STDIN = '-'

export type Text = { text: string } | { line: number; column: number; message: string; fix: string | null }

/** The text of `file`; `-` is the standard input. */
export async function readRunbook(file: string): Promise<Text> {
  try {
    const bytes = await readBounded(file)
    if (bytes.length > BYTES_MAX)
      return refused('the file is larger than 1 MiB', 'a runbook is a page or two of YAML')
    return decode(bytes)
  } catch (error) {
    return unreadable(error as NodeJS.ErrnoException)
  }
}

function decode(bytes: Buffer): Text {
  if (bytes.length > 1 && [0xfffe, 0xfeff].includes(bytes.readUInt16BE(0)))
    return refused('the file is UTF-16', 'save it as UTF-8')
  if (bytes.includes(0)) return refused('this is not text', 'name the runbook: a file of YAML')
  if (!isUtf8(bytes)) {
    const [line, column] = firstInvalid(bytes)
    return { line, column, message: 'the file is not UTF-8', fix: 'save it as UTF-8' }
  }
  return { text: new TextDecoder('utf-8').decode(bytes) }
}

async function readBounded(file: string): Promise<Buffer> {
  const handle = file === STDIN ? null : await open(file, 'r')
  const stream = handle === null ? process.stdin : handle.createReadStream()
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    length += chunk.length
    if (length > BYTES_MAX) break // devices and pipes have no size to ask for beforehand
  }
  return Buffer.concat(chunks)
}

function firstInvalid(bytes: Buffer): [line: number, column: number] {
  let line = 1
  let start = 0
  for (
    let end = bytes.indexOf(0x0a);
    end !== -1 && isUtf8(bytes.subarray(start, end));
    end = bytes.indexOf(0x0a, start)
  ) {
    line += 1
    start = end + 1
  }
  let column = 1
  let good = start
  for (let end = start + 1; end <= Math.min(bytes.length, start + 4_096); end++) {
    if (!isUtf8(bytes.subarray(good, end))) continue
    column += 1
    good = end
  }
  return [line, column]
}

function unreadable(error: NodeJS.ErrnoException): Text {
  if (error.code === 'ENOENT')
    return refused('there is no such file', '`cutover init` writes a runbook to start from')
  if (error.code === 'EISDIR') return refused('this is a folder', 'name the runbook file in it')
  if (error.code === 'EACCES') return refused('no permission to read the file', null)
  return refused(`the file cannot be read: ${error.code ?? error.message}`, null)
}

function refused(message: string, fix: string | null): Text {
  return { line: 1, column: 1, message, fix }
}
