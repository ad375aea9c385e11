// Takes the pictures of docs/: the Temporal UI and the report of real runs on the lab, in headless Chromium.
// `npm run pictures`; needs `chromium` on PATH.
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type Browser, openBrowser } from './browser.ts'
import { createFolder } from './folder.ts'
import { startLoad } from './load.ts'
import { type Stage, openStage } from './stage/stage.ts'
import { until } from './until.ts'

const DOCS = fileURLToPath(new URL('../docs/pictures/', import.meta.url))
const HEIGHT = 1_100
const RUN_MS = 120_000

type Status = {
  phase: string
  gate: string | null
  weights: { new: number } | null
  holding: unknown
  runId: string
  outcome: string | null
}

/** True once the page shows a text; a script for the page itself. */
const shows = (text: string) => `document.body.innerText.includes(${JSON.stringify(text)})`

const browser = await openBrowser()
const stage = await openStage()
const load = await startLoad({
  target: { url: stage.lab.addresses.envoy.url },
  ratePerSecond: 400,
  secondsMax: 170,
})
try {
  await takePictures(stage, browser)
} finally {
  await load.stop()
  await stage.close()
  await browser.close()
}

async function takePictures({ cli, lab, runbook }: Stage, { picture }: Browser): Promise<void> {
  const keep = async (name: string, url: string, prepare: string) => {
    await picture({ url, prepare, height: HEIGHT, path: join(DOCS, `${name}.png`) })
    process.stdout.write(`docs/pictures/${name}.png\n`)
  }
  const file = runbook('orders', { service: 'orders', edge: 'envoy', hold: '20s' })
  const { code, stderr } = await cli.run(['start', file, '--yes', '--as', 'maria'])
  if (code !== 0) throw new Error(stderr)
  const status = () => cli.json<Status>(['status', 'orders'])
  const waiting = await until(
    'the approval is asked',
    async () => await found(status(), ({ gate }) => gate !== null),
    RUN_MS,
  )
  const page = (run: Status, tab: string) =>
    `${lab.addresses.temporal.uiUrl}/namespaces/default/workflows/${encodeURIComponent('cutover/orders')}/${run.runId}/${tab}`
  await keep('temporal-waiting', page(waiting, 'timeline'), shows('Ready to move users'))
  for (const name of ['ana', 'raj'])
    await cli.run(['approve', 'orders', '--gate', waiting.gate ?? '', '--as', name])
  const canary = await until('the canary is at 25 %', async () => await found(status(), isQuarter), RUN_MS)
  await keep('temporal-canary', page(canary, 'timeline'), shows('[7/12]'))
  await keep(
    'temporal-details',
    page(canary, 'user-metadata'),
    `document.querySelectorAll('iframe').length > 1 && ${shows('Current Details')}`,
  )
  await lab.fleets.new.inject({ errorRatio: 0.1 })
  const ended = await until(
    'the run has gone back',
    async () => await found(status(), ({ outcome }) => outcome === 'restored'),
    RUN_MS,
  )
  await keep('temporal-restored', page(ended, 'timeline'), shows('restore edge split'))
  const folder = createFolder('pictures')
  const report = join(folder.path, 'report.html')
  await cli.run(['report', 'orders', '--out', report])
  await keep('report', pathToFileURL(report).href, shows('orders'))
  folder.remove()
}

function isQuarter({ weights, holding }: Status): boolean {
  return weights?.new === 25 && holding !== null
}

async function found(asked: Promise<Status>, isSo: (status: Status) => boolean): Promise<Status | null> {
  const status = await asked
  return isSo(status) ? status : null
}
