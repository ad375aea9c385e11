// A copy of this tree in a temporary folder, to which something is added: what the generator then writes, and what the
// repository says of the whole. Nothing of the copy is edited by hand.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { ROOT, files } from '../tidy/repository.ts'

/** Path -> text. */
export type Added = { [path: string]: string }

export type CommandResult = { code: number; output: string }

export type Tree = {
  /** Runs a program of the copy, or a command of node_modules. */
  run(command: string, args: string[]): Promise<CommandResult>
  /** Files of the original that are others now. */
  changed(): string[]
  end(): void
}

export function treeWith(added: Added): Tree {
  const folder = mkdtempSync(join(tmpdir(), 'cutover-tree-'))
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    cpSync(join(ROOT, file), join(folder, file))
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  for (const [file, text] of Object.entries(added)) {
    if (files.includes(file)) throw new Error(`${file} is there already: what is added edits nothing`)
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), text)
  }
  return {
    run: (command, args) => run(folder, command, args),
    changed: () => files.filter((file) => hashOf(join(folder, file)) !== hashOf(join(ROOT, file))),
    end: () => rmSync(folder, { recursive: true, force: true }),
  }
}

function hashOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}

async function run(folder: string, command: string, args: string[]): Promise<CommandResult> {
  const program = command === 'node' ? process.execPath : join(folder, 'node_modules/.bin', command)
  const path = `${join(ROOT, 'node_modules/.bin')}:${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`
  return await new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: folder,
      env: { PATH: path, HOME: folder, TMPDIR: tmpdir(), NO_COLOR: '1', CI: process.env['CI'] ?? '' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    child.stdout.on('data', (chunk) => (output += String(chunk)))
    child.stderr.on('data', (chunk) => (output += String(chunk)))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code: code ?? -1, output }))
  })
}
