// `fleet-observe` and `fleet-apply`: one side's number of instances, JSON in on stdin, JSON out on stdout.
// Exit codes are those of capacity/command's contract: 73 = not as expected, 66 = no such target, 69 = no answer.
import { text } from 'node:stream/consumers'

type Input = { target: string; desired?: { count: number }; expected?: { count?: number } | null }
type Report = { count: number; ready: number }

const EXIT = { usage: 64, missing: 66, unavailable: 69, conflict: 73 }

const [verb, oldUrl, newUrl] = process.argv.slice(2)
const input = JSON.parse(await text(process.stdin)) as Input
const adminUrl = input.target === 'old' ? oldUrl : input.target === 'new' ? newUrl : undefined
if (!adminUrl) fail(EXIT.missing, `no fleet named ${JSON.stringify(input.target)}; there are old and new`)

const before = await ask('GET')
if (verb === 'observe') print(before)
else {
  const { desired, expected } = input
  if (!desired) fail(EXIT.usage, 'nothing desired: give {"target","desired":{"count"}}')
  const isExpected = expected?.count === undefined || expected.count === before.count
  const isThere = desired.count === before.count
  if (!isExpected && !isThere)
    fail(EXIT.conflict, `has ${before.count} instances, expected ${expected?.count}`)
  print(isThere ? before : await ask('PUT', desired))
}

async function ask(method: string, body?: object): Promise<Report> {
  try {
    const response = await fetch(`${adminUrl}/count`, { method, ...(body && { body: JSON.stringify(body) }) })
    if (!response.ok) fail(EXIT.usage, await response.text())
    return (await response.json()) as Report
  } catch (error) {
    return fail(EXIT.unavailable, `the fleet does not answer: ${String(error)}`)
  }
}

function print(report: Report): void {
  process.stdout.write(`${JSON.stringify({ count: report.count, ready: report.ready })}\n`)
}

function fail(code: number, words: string): never {
  process.stderr.write(`${words}\n`)
  process.exit(code)
}
