// The quickstart, typed literally: every command of its page in its order, on the lab's HAProxy and Prometheus under load.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { CUTOVER } from '../../lab/stage/worker.ts'
import { type Stage, openStage } from '../../lab/stage/stage.ts'
import { EXIT } from '../../client/exit-codes.ts'
import { execFile } from 'node:child_process'
import { haproxyExporter } from '../../client/runbook/starter.ts'
import { until } from '../../lab/until.ts'
import { underLoad } from './scene.ts'

const TEST_MS = 120_000
const PAGE = readFileSync(join(import.meta.dirname, '../../docs/quickstart-haproxy-prometheus.md'), 'utf8')
const TRANSCRIPT = readFileSync(join(import.meta.dirname, '../../docs/first-ten-minutes.md'), 'utf8')
/** What its commands end with, where it is not 0: abort --wait says that everything is back. */
const CODES: { [verb: string]: number } = { abort: EXIT.aborted }

let stage: Stage
let folder: string
beforeAll(async () => {
  stage = await openStage()
  folder = mkdtempSync(join(tmpdir(), 'cutover-quickstart-'))
})
afterAll(async () => {
  await stage?.close()
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
})

/** The lab's places and names instead of the page's; the service is the backend's name there. */
function onLab(block: string): string {
  const { haproxy, prometheus } = stage.lab.addresses
  return block
    .replace(/^SOCKET=.*$/m, `SOCKET=${haproxy.socket}`)
    .replace(/^PROMETHEUS=.*$/m, `PROMETHEUS=${prometheus.url}`)
    .replaceAll('shop', haproxy.backend)
}

function commands(): string[] {
  const blocks = [...PAGE.matchAll(/```sh\n([^]*?)```/g)].map(([, block = '']) => onLab(block))
  return blocks.flatMap((block) => block.trim().split('\n'))
}

it(
  'takes a newcomer there and back: each command does what the page says',
  async () => {
    const { url } = stage.lab.addresses.haproxy
    await underLoad({ name: 'quickstart', target: { url } }, async () => {
      await until('Prometheus has scraped', async () => (await sides()).length === 2)
      await until("HAProxy's own metrics show users of the old side", isCounted)
      const set: string[] = []
      const said: { [verb: string]: string } = {}
      for (const line of commands()) {
        if (line === 'cutover dev') continue // the stage is one
        if (!line.startsWith('cutover ')) {
          set.push(line)
          continue
        }
        const verb = line.split(' ')[1] ?? ''
        const { code, text } = await typed([...set, line].join('\n'))
        expect(code, `${line}\n${text}`).toBe(CODES[verb] ?? EXIT.done)
        said[verb] = text
      }
      expect(said['init']).toMatch(/HAProxy: backend orders, old v1, new v2 \(by their weights\)/)
      expect(said['init']).toMatch(/Prometheus: \w+ by its label side/)
      expect(said['validate']).toContain('is valid')
      expect(said['status']).toMatch(/orders {2}/)
      for (const verb of ['init', 'validate', 'plan', 'start', 'approve', 'report'])
        expect(formsOf(said[verb] ?? ''), verb).toEqual(expect.arrayContaining(formsOf(shown(verb))))
    })
    expect(await stage.look()).toEqual(stage.start)
  },
  TEST_MS,
)

/** What the written-down first ten minutes show of a command, with the lab's names. */
function shown(verb: string): string {
  const [, output = ''] = new RegExp(`\\$ cutover ${verb} [^\\n]*\\n([^]*?)\\n\`\`\``).exec(TRANSCRIPT) ?? []
  expect(output, verb).not.toBe('')
  return onLab(output)
}

/** The lines that begin at the edge, up to their first column; ids, numbers and metrics count as alike. */
function formsOf(output: string): string[] {
  return output.split('\n').flatMap((line) => {
    const [, head = ''] = /^(\S.*?)(?: {2,}.*)?$/.exec(line) ?? []
    const form = head
      .replaceAll(/[0-9a-f]{8}[0-9a-f-]*|\w+_total|\d[\w.]*/g, 'N')
      .replaceAll(/\([^)]*\)/g, '()')
    return head === '' || head === '...' ? [] : [form]
  })
}

/** Whether HAProxy's own metrics, once they have a side, show users on the old one. */
async function isCounted(): Promise<boolean> {
  const { haproxy, prometheus } = stage.lab.addresses
  const { metric, labels } = haproxyExporter(haproxy.backend)
  const query = `sum(increase(${metric}{${[...labels, 'side="old"'].join(',')}}[10s]))`
  const answer = await fetch(`${prometheus.url}/api/v1/query?${new URLSearchParams({ query })}`)
  const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } }
  return Number(data.result[0]?.value[1] ?? 0) > 0
}

/** As a Prometheus knows them that has run for a while. */
async function sides(): Promise<string[]> {
  const { url } = stage.lab.addresses.prometheus
  const answer = await fetch(`${url}/api/v1/label/side/values?match[]=http_requests_total`)
  return ((await answer.json()) as { data: string[] }).data
}

function typed(script: string): Promise<{ code: number; text: string }> {
  const start = `cutover() { '${process.execPath}' '${CUTOVER}' "$@"; }\n`
  const options = { cwd: folder, env: { ...process.env, ...stage.environment, NO_COLOR: '1' } }
  return new Promise((resolve) => {
    execFile('bash', ['-c', start + script], options, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, text: stdout + stderr }),
    )
  })
}
