// Headless Chromium: opens a page, as wide and as dark as wanted, keeps it as PNG or asks it something.
// Spoken to by its DevTools protocol: https://chromedevtools.github.io/devtools-protocol/
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createFolder } from './folder.ts'
import { requireServer } from '../scripts/find-servers.mjs'
import { until } from './until.ts'

const WIDTH = 1440
const HEIGHT = 900
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

/** `width` and `height` in pixels; `dark`: as somebody sees it who prefers dark pages; `media`: `print` is as on paper. */
export type Visit = {
  url: string
  width?: number
  height?: number
  dark?: boolean
  media?: 'screen' | 'print'
}

export type Browser = {
  /** Opens a page, runs `prepare` in it until it says true, and writes what is seen of it to `path`. */
  picture(visit: Visit & { prepare: string; path: string }): Promise<void>
  /** Opens a page and gives what a script in it answers. */
  evaluate(visit: Visit & { script: string }): Promise<unknown>
  close(): Promise<void>
}

export async function openBrowser(): Promise<Browser> {
  const profile = createFolder('chromium')
  const child = spawn(
    requireServer('chromium'),
    [...FLAGS, `--user-data-dir=${profile.path}`, 'about:blank'],
    {
      stdio: 'ignore',
    },
  )
  const ended = once(child, 'exit')
  ended.catch(() => {}) // said by whoever waits for a page
  const port = await until(
    'Chromium listens',
    () => readFileSync(join(profile.path, 'DevToolsActivePort'), 'utf8').split('\n')[0],
    STARTS_WITHIN_MS,
  )
  const visited = async <T>(visit: Visit, look: (page: Page) => Promise<T>): Promise<T> => {
    const { url, width = WIDTH, height = HEIGHT, dark = false, media = 'screen' } = visit
    const target = await fetch(`http://127.0.0.1:${port}/json/new?${encodeURIComponent('about:blank')}`, {
      method: 'PUT',
    })
    const { webSocketDebuggerUrl } = (await target.json()) as { webSocketDebuggerUrl: string }
    const page = await openPage(webSocketDebuggerUrl)
    try {
      const size = { width, height, deviceScaleFactor: 1, mobile: false }
      await page.ask('Emulation.setDeviceMetricsOverride', size)
      const features = [{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }]
      await page.ask('Emulation.setEmulatedMedia', { media, features })
      await page.ask('Page.navigate', { url })
      await until(`${url} is loaded`, () =>
        page.evaluate(`document.URL !== 'about:blank' && document.readyState === 'complete'`),
      )
      return await look(page)
    } finally {
      page.close()
    }
  }
  return {
    picture: (visit) =>
      visited(visit, async (page) => {
        const shows = async () => (await page.evaluate(visit.prepare)) === true
        await until(`${visit.url} shows`, shows, SHOWS_WITHIN_MS)
        const { data } = (await page.ask('Page.captureScreenshot', { format: 'png' })) as { data: string }
        writeFileSync(visit.path, Buffer.from(data, 'base64'))
      }),
    evaluate: (visit) => visited(visit, (page) => page.evaluate(visit.script)),
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
      const asked = { expression, awaitPromise: true, returnByValue: true }
      const { result, exceptionDetails } = (await ask('Runtime.evaluate', asked)) as {
        result: { value?: unknown }
        exceptionDetails?: { exception?: { description?: string } }
      }
      if (exceptionDetails !== undefined)
        throw new Error(exceptionDetails.exception?.description ?? 'the script in the page failed')
      return result.value
    },
    close: () => socket.close(),
  }
}
