#!/usr/bin/env node
// Starts the CLI under a Node that can run it: this one from version 24 on, else the one that set-up brought.
// Plain JavaScript that an old Node can read; it knows nothing of verbs.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'
import * as nodeModule from 'node:module'

const NODE_MAJOR_MIN = 24 // runs TypeScript as is and keeps compiled code between starts
const privateNode = fileURLToPath(new URL('../.cutover/node/bin/node', import.meta.url))
const major = Number.parseInt(process.versions.node, 10)

if (major >= NODE_MAJOR_MIN) await run()
else if (existsSync(privateNode)) handOver()
else refuse()

async function run() {
  nodeModule.enableCompileCache()
  try {
    const { main } = await import('../client/main.ts')
    const code = await main(process.argv.slice(2))
    await Promise.all([flushed(process.stdout), flushed(process.stderr)])
    process.exit(code)
  } catch (error) {
    if (error?.code !== 'ERR_MODULE_NOT_FOUND') throw error
    say(`Some packages of cutover are not installed.\n  ${firstLine(error.message)}\n  Run: npm run setup`)
    process.exit(1)
  }
}

/** A pipe takes what was written later than `exit` would wait for. */
function flushed(stream) {
  return new Promise((resolve) => {
    if (stream.destroyed || !stream.writable) resolve()
    else stream.write('', () => resolve())
  })
}

function handOver() {
  const child = spawn(privateNode, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      // A terminal sends Ctrl-C to both of us; a `kill` reaches only us and is passed on.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    })
  }
  child.on('close', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 1)))
  child.on('error', (error) => {
    say(`Could not start ${privateNode}: ${error.message}`)
    process.exit(1)
  })
}

function refuse() {
  say(
    `cutover needs Node ${NODE_MAJOR_MIN} or newer; this is ${process.version}.\n` +
      `  Run: npm run setup   (brings a private Node ${NODE_MAJOR_MIN}, leaves yours as it is)`,
  )
  process.exit(1)
}

function firstLine(text) {
  return String(text).split('\n', 1)[0]
}

function say(text) {
  process.stderr.write(`${text}\n`)
}
