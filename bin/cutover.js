#!/usr/bin/env node
// Starts the CLI: the built program of an installed package, the source of a checkout, under a Node that can run it.
// Plain JavaScript that an old Node can read; it knows nothing of verbs, and every start waits for what it imports.
import * as nodeModule from 'node:module'
import { fileURLToPath } from 'node:url'

// An `import` of node:fs loads everything that hangs on it, promises and streams, and costs as much as all of `--help`.
const { existsSync } = nodeModule.createRequire(import.meta.url)('node:fs')

const source = new URL('../client/main.ts', import.meta.url)
const isCheckout = existsSync(source) // also one that was built: what runs is what is read
const NODE_MAJOR_MIN = isCheckout ? 24 : 22 // 24 runs TypeScript as it is
const privateBin = fileURLToPath(new URL('../.cutover/bin', import.meta.url))
const privateNode = fileURLToPath(new URL('../.cutover/node/bin/node', import.meta.url))
const major = Number.parseInt(process.versions.node, 10)

if (major >= NODE_MAJOR_MIN) await run()
else if (isCheckout && existsSync(privateNode)) await handOver()
else refuse()

async function run() {
  const cache = cacheFolder()
  if (cache) nodeModule.enableCompileCache?.(cache)
  if (isCheckout) process.env.PATH = `${process.env.PATH ?? ''}:${privateBin}` // the temporal CLI that set-up brought
  if (process.env.CUTOVER_DEBUG === '1') process.setSourceMapsEnabled(true)
  try {
    const { main } = await import(isCheckout ? source.href : '../dist/cutover.js')
    const code = await main(process.argv.slice(2), process.argv[1])
    await Promise.all([flushed(process.stdout), flushed(process.stderr)])
    process.exit(code)
  } catch (error) {
    if (error?.code !== 'ERR_MODULE_NOT_FOUND') throw error
    say(`Some packages of cutover are not installed.\n  ${firstLine(error.message)}\n  ${howToInstall()}`)
    process.exit(1)
  }
}

/** The user's own: whoever can write into the folder of compiled code decides what runs, and everybody can in /tmp. */
function cacheFolder() {
  const { XDG_CACHE_HOME: cache, HOME: home } = process.env
  if (cache) return `${cache}/cutover`
  return home ? `${home}/.cache/cutover` : undefined
}

/** A pipe takes what was written later than `exit` would wait for. */
function flushed(stream) {
  return new Promise((resolve) => {
    if (stream.destroyed || !stream.writable) resolve()
    else stream.write('', () => resolve())
  })
}

async function handOver() {
  const { spawn } = await import('node:child_process')
  const { constants } = await import('node:os')
  const child = spawn(privateNode, process.argv.slice(1), {
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
  const how = isCheckout
    ? `Run: npm run setup   (brings a private Node ${NODE_MAJOR_MIN}, leaves yours as it is)`
    : `Install a newer one: https://nodejs.org/en/download`
  say(`cutover needs Node ${NODE_MAJOR_MIN} or newer; this is ${process.version}.\n  ${how}`)
  process.exit(1)
}

function howToInstall() {
  return isCheckout
    ? 'Run: npm run setup'
    : 'Run: npm install   in the folder that cutover was installed into'
}

function firstLine(text) {
  return String(text).split('\n', 1)[0]
}

function say(text) {
  process.stderr.write(`${text}\n`)
}
