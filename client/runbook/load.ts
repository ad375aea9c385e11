// A runbook file -> its plan, or everything that is wrong with it at once. No network, no secrets, no Temporal.
import { z } from 'zod'
import type { ProviderSpec } from '../../activities/provider.ts'
import { specs as registered } from '../../activities/specs.ts'
import type { JsonObject } from '../../workflows/json.ts'
import type { Plan } from '../../workflows/plan.ts'
import { capabilityFindings } from './checks/capabilities.ts'
import { guardDemand, impossibleLimits, unwatchedMoves, watchedAfterAll } from './checks/guards.ts'
import { lateTtls, orderFindings, uncarried } from './checks/order.ts'
import { queryFindings } from './checks/queries.ts'
import { recordFindings } from './checks/records.ts'
import { referenceFindings, unusedConnections } from './checks/references.ts'
import { isDeclared, secretFindings } from './checks/secrets.ts'
import { otherSigns, unledFindings } from './checks/signs.ts'
import { earlyExpiries, suspensionFindings } from './checks/suspended.ts'
import { type Parts, checkParts } from './parts.ts'
import { type Finding, type Problem, formatPath } from './problem.ts'
import { readRunbook } from './read.ts'
import { resolve } from './resolve.ts'
import { type Source, parseSource } from './source.ts'
import { entries, isObject, list } from './uses.ts'
import { neverWatched } from './watched.ts'

z.config({ jitless: true }) // a runbook is checked once: compiling the checks takes longer than they do

/** `cautions` are worth a look and stop nothing. `secretLines`: lines that hold a secret and must not be shown. */
export type Loaded = { file: string; text: string; secretLines: ReadonlySet<number> } & (
  | { plan: Plan; cautions: Problem[]; problems?: undefined }
  | { plan?: undefined; problems: Problem[] }
)

export type LoadOptions = { file: string; specs?: readonly ProviderSpec[] }

/** Reads and checks a file; `-` is the standard input. */
export async function loadRunbook(file: string, specs = allSpecs()): Promise<Loaded> {
  const read = await readRunbook(file)
  if ('text' in read) return await checkRunbook(read.text, { file, specs })
  return { file, text: '', secretLines: new Set(), problems: [{ file, path: '', ...read }] }
}

/** Checks the text of a runbook; `specs` are the providers it may name. */
export async function checkRunbook(text: string, { file, specs = allSpecs() }: LoadOptions): Promise<Loaded> {
  const source = parseSource(text)
  const secretLines = linesWithSecrets(source)
  const checked = await check(source, specs)
  const located = (findings: Finding[]) =>
    findings.map((finding) => locate(finding, { source, file })).toSorted(byPlace)
  if (checked.findings.length > 0) return { file, text, secretLines, problems: located(checked.findings) }
  const plan = resolve(checked.parts)
  const cautions = [
    ...checked.cautions,
    ...neverWatched(plan).map(({ name }) => sleepingGuard(name)),
    ...watchedAfterAll(plan, checked.parts),
  ]
  return { file, text, secretLines, plan, cautions: located(cautions) }
}

export function allSpecs(): readonly ProviderSpec[] {
  return registered as readonly unknown[] as readonly ProviderSpec[]
}

async function check(source: Source, specs: readonly ProviderSpec[]) {
  const none = { findings: source.findings, cautions: [], parts: NO_PARTS }
  if (source.findings.some(({ path }) => path.length === 0)) return none // not YAML: what it would say is a guess
  const runbook = source.value
  if (!isObject(runbook)) {
    const isEmpty = runbook === null
    const fix = isEmpty ? '`cutover init` writes a runbook to start from' : 'begin with "cutover: v1"'
    return {
      ...none,
      findings: [{ path: [], message: isEmpty ? 'the file is empty' : 'a runbook is a mapping', fix }],
    }
  }
  const { parts, findings } = checkParts(runbook, specs)
  const queries = await queryFindings(runbook, specs)
  const all = [
    ...source.findings,
    ...undeclaredSecrets(source),
    ...findings,
    ...referenceFindings(runbook),
    ...guardDemand(runbook),
    ...queries.findings,
    ...(isWhole(runbook, parts) ? unwatchedMoves(resolve(parts), parts) : []),
    ...impossibleLimits(parts),
    ...capabilityFindings(parts, specs),
    ...recordFindings(parts.steps),
    ...orderFindings(parts),
    ...suspensionFindings(parts),
    ...unledFindings(parts),
  ]
  const cautions = [
    ...unusedConnections(runbook),
    ...queries.cautions,
    ...lateTtls(parts),
    ...uncarried(parts),
    ...earlyExpiries(parts),
    ...otherSigns(parts),
  ]
  return { parts, findings: onePerPlace(all), cautions }
}

/** Which step is watched by what is known only where every connection, guard and step is right by itself. */
function isWhole(runbook: JsonObject, { connections, guards, steps }: Parts): boolean {
  return (
    connections.length === entries(runbook['connections']).length &&
    guards.length === entries(runbook['guards']).length &&
    steps.length === list(runbook['steps']).length
  )
}

function sleepingGuard(name: string): Finding {
  const message = `no step is ever watched by ${name}: its side gets no traffic in this runbook, or no step names it`
  return {
    path: ['guards', name],
    at: 'key',
    message,
    fix: 'judge a side that is served, or ask without $side',
  }
}

const NO_PARTS = {
  service: '',
  description: '',
  drain: '5s',
  notify: [],
  connections: [],
  guards: [],
  steps: [],
}

/** Of several things said about one value the first is kept: a secret in clear is also "not a reference". */
function onePerPlace(findings: Finding[]): Finding[] {
  const secret = new Set(findings.filter((finding) => finding.secret).map(({ path }) => JSON.stringify(path)))
  const seen = new Set<string>()
  return findings.filter((finding) => {
    const path = JSON.stringify(finding.path)
    if (secret.has(path) && finding.secret !== true) return false
    const key = `${path} ${finding.message} ${finding.position ?? ''}`
    return !seen.has(key) && seen.add(key)
  })
}

/** Secrets in clear, but those of which the author says on their line that they are none. */
function undeclaredSecrets(source: Source): Finding[] {
  const lines = source.text.split('\n')
  return secretFindings(source.value).filter((finding) => {
    const { line, lastLine } = source.locate(finding)
    return !lines.slice(line - 1, lastLine).some(isDeclared)
  })
}

function linesWithSecrets(source: Source): Set<number> {
  const secretLines = new Set<number>()
  for (const finding of undeclaredSecrets(source)) {
    const { line, lastLine } = source.locate(finding)
    for (let at = line; at <= lastLine; at++) secretLines.add(at)
  }
  return secretLines
}

/** What is found of a runbook once it is loaded, at its places in the file. */
export function placed(findings: readonly Finding[], { text, file }: Loaded): Problem[] {
  const source = findings.length === 0 ? null : parseSource(text)
  return source === null ? [] : findings.map((finding) => locate(finding, { source, file })).toSorted(byPlace)
}

function locate(finding: Finding, { source, file }: { source: Source; file: string }): Problem {
  const { line, column } = source.locate(finding)
  const { path, message, fix = null } = finding
  return { file, line, column, path: formatPath(path), message, fix }
}

function byPlace(a: Problem, b: Problem): number {
  return a.line - b.line || a.column - b.column
}
