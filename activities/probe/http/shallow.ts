// Whether a health answer says anything beyond "I am here". Pure. A heuristic that names its reason: a person may differ.
import type { Json } from '../../../workflows/json.ts'

const EXCERPT_CHARACTERS_MAX = 60 // enough to recognise the answer

/** Keys by which a service speaks of itself; none of them says that a dependency was looked at. */
const OF_ITSELF = new Set(
  `status state ok healthy health up alive live liveness ready readiness success result code message msg error description
   service name app application component id instance instanceid hostname host pid node region zone env environment
   version release releaseid build buildid commit sha revision branch uptime started startedat time timestamp date now
   duration latency groups links _links notes output serviceid`.split(/\s+/),
)

/** Keys that hold one entry per dependency (Spring Boot, ASP.NET, MicroProfile, health+json of the IETF draft). */
const CONTAINERS = new Set(
  'checks components dependencies details services entries data info subsystems'.split(' '),
)

/** Why the answer looks shallow, or null when it names something it looked at. `body` null = the method has none. */
export function shallowness(body: string | null): string | null {
  const claim = 'says that something listens, not that it can work'
  if (body === null) return `HEAD has no body: the answer ${claim}`
  const text = body.trim()
  if (text === '') return `the answer has no body: it ${claim}`
  const json = parseJson(text)
  const isDeep = json === undefined ? hasFactLines(text) : namesFacts(json)
  if (isDeep) return null
  const shown = text.length <= EXCERPT_CHARACTERS_MAX ? text : `${text.slice(0, EXCERPT_CHARACTERS_MAX)}...`
  return `the answer names no dependency it looked at (${shown.replaceAll(/\s+/g, ' ')}): it ${claim}`
}

export function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined // plain text
  }
}

function namesFacts(json: Json): boolean {
  if (Array.isArray(json)) return json.some((entry) => typeof entry === 'object' && !isEmpty(entry))
  if (json === null || typeof json !== 'object') return false
  return Object.entries(json).some(([key, value]) => {
    const word = key.toLowerCase()
    if (OF_ITSELF.has(word)) return false
    if (CONTAINERS.has(word)) return namesFacts(value)
    return !isEmpty(value)
  })
}

function isEmpty(value: Json): boolean {
  if (value === null || value === '') return true
  return typeof value === 'object' && Object.keys(value).length === 0
}

/** `[+]etcd ok` of Kubernetes' verbose health, or several lines such as `database: up`. */
function hasFactLines(text: string): boolean {
  if (text.startsWith('<')) return false // a page
  const lines = text.split('\n')
  if (lines.some((line) => /^\[[+-]\](?!ping\b)\S+/.test(line))) return true
  const facts = lines.map((line) => /^\s*([\w.-]+)\s*[:=]\s*\S/.exec(line)?.[1]?.toLowerCase())
  return facts.some((name) => name !== undefined && !OF_ITSELF.has(name))
}
