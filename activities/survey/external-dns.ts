// Whether external-dns declares a record: it says so in TXT records beside it, which any provider of DNS can read. Looked for once, when a
// plan is made; what cannot be read is no reason not to start. https://kubernetes-sigs.github.io/external-dns/latest/docs/registry/txt/
import type { RRset } from '../../workflows/ports/dns.ts'
import type { Changing, Io } from '../../workflows/ports/target.ts'

/** One caution for each owner that is named; `target` as in the port: `api.example.com. A`. */
export async function externalDnsOf(port: Changing, target: string, io: Io): Promise<string[]> {
  const [name = '', type = ''] = target.split(' ')
  const names = [name, `${type.toLowerCase()}-${name}`] // the second is that of newer versions; prefixes of one's own are not known
  const texts = await Promise.all(names.map((each) => textsOf(port, `${each} TXT`, io)))
  return [...new Set(texts.flat().flatMap((text) => ownerIn(text) ?? []))]
}

async function textsOf(port: Changing, target: string, io: Io): Promise<string[]> {
  try {
    const { value } = await port.observe(target, io)
    return (value as RRset).values
  } catch {
    return [] // a name that is an alias has no TXT, and some backends keep none: nobody is named then
  }
}

/** `"heritage=external-dns,external-dns/owner=default,external-dns/resource=ingress/shop/orders"`. */
function ownerIn(text: string): string | null {
  const labels = text.replaceAll('"', '').split(',')
  if (!labels.includes('heritage=external-dns')) return null
  const valueOf = (label: string) =>
    labels.find((each) => each.startsWith(`external-dns/${label}=`))?.slice(`external-dns/${label}=`.length)
  const resource = valueOf('resource')
  const as = [
    `owner ${valueOf('owner') ?? 'unknown'}`,
    ...(resource === undefined ? [] : [`from ${resource}`]),
  ]
  return `external-dns declares it (${as.join(', ')}) and puts back its values within a minute or so: let it leave the name alone for the time of the run, and declare the new ones there`
}
