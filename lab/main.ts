// `npm run lab [-- --json]`: boots the lab, says where everything is, and ends it on Ctrl-C.
import { renderTable } from './addresses.ts'
import { startLab } from './lab.ts'

const isJson = process.argv.includes('--json')
const note = (line: string): void => void process.stderr.write(`${line}\n`)

const stopped = new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, resolve)
})
const began = performance.now()
const lab = await startLab({
  onReady: (name, milliseconds) => {
    if (!isJson) note(`${name} answers after ${milliseconds} ms`)
  },
})
if (isJson) process.stdout.write(`${JSON.stringify(lab.addresses)}\n`)
else {
  process.stdout.write(`\n${renderTable(lab.addresses)}\n\n`)
  note(`Up in ${((performance.now() - began) / 1000).toFixed(1)} s. Ctrl-C ends it.`)
}
await stopped
if (!isJson) note('\nEnding the lab ...')
await lab.stop()
