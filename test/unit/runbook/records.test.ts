// Record sets in runbooks: any spelling of the same content is the same plan, and nonsense is refused at its place.
import { describe, expect, it } from 'vitest'
import { checkRunbook } from '../../../client/runbook/load.ts'

const runbook = (records: string) => `
cutover: v1
service: entry
connections:
  zone: { provider: dns/powerdns, url: "http://127.0.0.1:8081", api_key: env:KEY, zone: example.com. }
  prom: { provider: metrics/prometheus, url: "http://127.0.0.1:9090" }
guards:
  errors: { from: prom, query: up, max: 1 }
steps:
  - repoint: { connection: zone, records: ${records} }
`
const check = (records: string) => checkRunbook(runbook(records), { file: 'entry.yaml' })

describe('record sets of a runbook', () => {
  it('have one plan, however they are spelled', async () => {
    const written = await check(
      '{ API.Example.com. AAAA: ["2001:0DB8:0::20"], www.example.com. CNAME: [Edge.example.NET] }',
    )
    const canonical = await check(
      '{ api.example.com. AAAA: ["2001:db8::20"], www.example.com. CNAME: [edge.example.net.] }',
    )
    expect(written.plan?.digest).toBe(canonical.plan?.digest)
    expect(written.plan?.targets.map(({ target }) => target)).toEqual([
      'api.example.com. AAAA',
      'www.example.com. CNAME',
    ])
  })

  it('are refused where a value is none of its type', async () => {
    const { problems } = await check('{ api.example.com. A: [192.0.2.10, 300.1.1.1] }')
    expect(problems).toEqual([
      {
        file: 'entry.yaml',
        line: 10,
        column: expect.any(Number) as number,
        path: 'steps[0].repoint.records["api.example.com. A"][1]',
        message: '"300.1.1.1" is not an IPv4 address such as 192.0.2.10',
        fix: null,
      },
    ])
  })

  it('are refused when a CNAME would have two values', async () => {
    const { problems } = await check('{ www.example.com. CNAME: [a.example.net., b.example.net.] }')
    expect(problems?.map(({ message }) => message)).toEqual(['a CNAME has one value, not 2'])
  })
})
