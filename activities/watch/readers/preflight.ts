// Reads a preflight: whether anything stands in the way of leading users to a place.
import {
  type Examination,
  type Finding,
  findingWords,
  isAccepted,
  refusalsIn,
} from '../../../workflows/ports/preflight.ts'
import { raced } from '../../call.ts'
import { reasonOf } from '../asking.ts'
import { defineReader } from '../reader.ts'

const TEXT_MAX = 600 // a finding has three parts, and there may be several

export const preflightReader = defineReader<'preflight'>(async (subject, asking, io) => {
  const { name, demand, accepted } = subject
  const shared = { subject: name, at: io.at, limit: 'nothing in the way', samples: null }
  try {
    const port = asking.portOf(subject.connection, 'preflight')
    const examination = await raced(port.examine(demand, io), io.signal)
    const refusals = refusalsIn(examination, accepted)
    const text = refusals.length > 0 ? inTheWay(refusals) : passed(examination, accepted)
    return {
      ...shared,
      verdict: refusals.length > 0 ? 'bad' : 'good',
      value: refusals.length,
      text: asking.redact(text),
    }
  } catch (error) {
    return { ...shared, verdict: 'unknown', value: null, text: `unknown: ${reasonOf(error, asking, io)}` }
  }
})

function inTheWay(refusals: Finding[]): string {
  return shortened(refusals.map(findingWords).join(' / '))
}

function passed({ findings, fine }: Examination, accepted: { [check: string]: string }): string {
  const borne = findings.filter((finding) => finding.level === 'refuse' && isAccepted(finding, accepted))
  const cautions = findings.filter(({ level }) => level === 'caution')
  return [
    `nothing in the way: ${fine.length} looked at and fine`,
    ...(cautions.length === 0 ? [] : [`cautions: ${named(cautions)}`]),
    ...(borne.length === 0 ? [] : [`accepted: ${named(borne)}`]),
  ].join('; ')
}

function named(findings: Finding[]): string {
  return [...new Set(findings.map(({ check }) => check))].join(', ')
}

function shortened(text: string): string {
  return text.length <= TEXT_MAX ? text : `${text.slice(0, TEXT_MAX - 1)}…`
}
