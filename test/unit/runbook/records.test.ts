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

  it('are one target where an address becomes an alias: the ttl step lowers what the repoint moves', async () => {
    const step = '- repoint: { connection: zone, records: { www.example.com. CNAME: [edge.example.net.] } }'
    const loaded = await checkRunbook(
      runbook('{}').replace(
        /- repoint.*/,
        `- ttl: { connection: zone, records: [www.example.com. A, WWW.example.com. AAAA] }\n  ${step}`,
      ),
      { file: 'entry.yaml' },
    )
    if (loaded.plan === undefined) throw new Error(JSON.stringify(loaded.problems))
    const { plan, cautions } = loaded
    expect(cautions.filter(({ message }) => message.includes('no ttl step'))).toEqual([])
    expect(plan.steps[0]?.spec).toMatchObject({ records: ['www.example.com. CNAME'] })
    expect(plan.targets).toEqual([
      {
        connection: 'zone',
        target: 'www.example.com. CNAME',
        locks: ['dns:www.example.com. A', 'dns:www.example.com. AAAA', 'dns:www.example.com. CNAME'],
      },
    ])
  })

  it('may be addresses in the place of an alias', async () => {
    const { plan } = await check('{ www.example.com. CNAME: [AAAA 2001:DB8::20, a 192.0.2.20] }')
    expect(plan?.steps[0]?.spec).toMatchObject({
      records: { 'www.example.com. CNAME': ['A 192.0.2.20', 'AAAA 2001:db8::20'] },
    })
  })

  it('are refused where one name is moved as an alias and as an address', async () => {
    const { problems } = await check(
      '{ www.example.com. CNAME: [edge.example.net.], www.example.com. A: [192.0.2.20] }',
    )
    expect(problems).toMatchObject([
      {
        message:
          'www.example.com. is moved as www.example.com. CNAME too, which stands for all addresses of the name',
        fix: 'write www.example.com. CNAME: [A 192.0.2.20]',
      },
    ])
  })

  it('are refused when a CNAME would have two values', async () => {
    const { problems } = await check('{ www.example.com. CNAME: [a.example.net., b.example.net.] }')
    expect(problems?.map(({ message }) => message)).toEqual(['a CNAME has one value, not 2'])
  })
})
