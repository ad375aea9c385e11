// Headless Chromium for pictures: opens a page, waits until it shows what it should, keeps it as PNG.
// Spoken to by its DevTools protocol: https://chromedevtools.github.io/devtools-protocol/
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createFolder } from './folder.ts'
import { until } from './until.ts'

const WIDTH = 1440
const STARTS_WITHIN_MS = 15_000
const SHOWS_WITHIN_MS = 30_000 // the UI asks the server for history and details before it draws

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--hide-scrollbars',
  '--remote-debugging-port=0',
]

export type Browser = {
  /** Opens `url`, runs `prepare` in the page until it says true, and writes `height` pixels of it to `path`. */
  picture(page: { url: string; prepare: string; height: number; path: string }): Promise<void>
  close(): Promise<void>
}

export async function openBrowser(): Promise<Browser> {
  const profile = createFolder('chromium')
  const child = spawn('chromium', [...FLAGS, `--user-data-dir=${profile.path}`, 'about:blank'], {
    stdio: 'ignore',
  })
  const ended = once(child, 'exit')
  ended.catch(() => {}) // said by whoever waits for a page
  const port = await until(
    'Chromium listens',
    () => readFileSync(join(profile.path, 'DevToolsActivePort'), 'utf8').split('\n')[0],
    STARTS_WITHIN_MS,
  )
  return {
    async picture({ url, prepare, height, path }) {
      const target = await fetch(`http://127.0.0.1:${port}/json/new?${encodeURIComponent(url)}`, {
        method: 'PUT',
      })
      const { webSocketDebuggerUrl } = (await target.json()) as { webSocketDebuggerUrl: string }
      const page = await openPage(webSocketDebuggerUrl)
      try {
        await page.ask('Emulation.setDeviceMetricsOverride', {
          width: WIDTH,
          height,
          deviceScaleFactor: 1,
          mobile: false,
        })
        await until(`${url} shows`, async () => (await page.evaluate(prepare)) === true, SHOWS_WITHIN_MS)
        const { data } = (await page.ask('Page.captureScreenshot', { format: 'png' })) as { data: string }
        writeFileSync(path, Buffer.from(data, 'base64'))
      } finally {
        page.close()
      }
    },
    async close() {
      child.kill()
      await ended
      profile.remove()
    },
  }
}

type Page = {
  ask(method: string, params: object): Promise<unknown>
  evaluate(script: string): Promise<unknown>
  close(): void
}

async function openPage(address: string): Promise<Page> {
  const socket = new WebSocket(address)
  await once(socket, 'open')
  const waiting = new Map<number, (answer: { result?: unknown; error?: { message: string } }) => void>()
  let last = 0
  socket.addEventListener('message', ({ data }) => {
    const answer = JSON.parse(String(data)) as { id?: number; result?: unknown; error?: { message: string } }
    if (answer.id !== undefined) waiting.get(answer.id)?.(answer)
  })
  const ask = (method: string, params: object): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const id = ++last
      waiting.set(id, ({ result, error }) =>
        error === undefined ? resolve(result) : reject(new Error(`${method}: ${error.message}`)),
      )
      socket.send(JSON.stringify({ id, method, params }))
    })
  return {
    ask,
    async evaluate(expression) {
      const { result } = (await ask('Runtime.evaluate', { expression, awaitPromise: true })) as {
        result: { value?: unknown }
      }
      return result.value
    },
    close: () => socket.close(),
  }
}
