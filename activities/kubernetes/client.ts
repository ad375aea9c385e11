// The few calls of the Kubernetes API that providers need, each one request. Knows no kind of object; a write that timed out has
// an unknown outcome (Unavailable), and no call is ever sent twice except one that was not let in.
import type { Json, JsonObject } from '../../workflows/json.ts'
import type { Io } from '../../workflows/ports/target.ts'
import { milliseconds } from '../../workflows/quantities.ts'
import { failure, kindOf } from '../failure.ts'
import { exchange } from '../http.ts'
import type { Deps } from '../provider.ts'
import { refusal } from './answers.ts'
import { type KubernetesAccess, clusterOf } from './config.ts'
import { credentialsOf } from './credentials.ts'

const ANSWER_BYTES_MAX = 8 * 1024 * 1024 // five hundred objects of a list with all their managed fields
const PAGE = 500 // objects of a list in one answer, as kubectl asks
const PAGES_MAX = 20
export const FIELD_MANAGER = 'cutover' // how writes are told from those of others

/** An object as it is stored. */
export interface KubeObject {
  metadata: Metadata
  [field: string]: unknown
}

export interface Metadata {
  name: string
  namespace?: string
  uid: string
  resourceVersion: string
  generation?: number
  labels?: Record<string, string>
  annotations?: Record<string, string>
  ownerReferences?: { kind: string; name: string; controller?: boolean }[]
  managedFields?: ManagedFields[]
  deletionTimestamp?: string
}

export interface ManagedFields {
  manager?: string
  operation?: string
  time?: string
  subresource?: string
  fieldsV1?: JsonObject
}

/** RFC 6902. */
export interface PatchOperation {
  op: 'test' | 'replace' | 'add' | 'remove'
  path: string
  value?: Json
}

/** `doing` begins every message: what is tried, on what. */
export interface Call {
  path: string
  doing: string
}

/** `at`: the second that an answer says it was given in; ours before and after the call. */
export interface Clock {
  at: number
  sentAt: number
  receivedAt: number
}

export interface Kube {
  /** The cluster in words, for messages. */
  cluster: string
  get<O = KubeObject>(call: Call, io: Io): Promise<O>
  /** All objects of a collection; null where the API server has no such kind of resource. */
  list<O = KubeObject>(call: Call, io: Io): Promise<O[] | null>
  /** The clock of the API server beside ours; null: it does not say the time. */
  clock(doing: string, io: Io): Promise<Clock | null>
  /** `isTrial`: the API server checks everything and keeps nothing. */
  patch(call: Call & { patch: PatchOperation[]; isTrial?: boolean }, io: Io): Promise<KubeObject>
  create<O = KubeObject>(call: Call & { body: JsonObject }, io: Io): Promise<O>
  /** The whole of it, over exactly the version that its body names: `Conflict` over any other. */
  replace<O = KubeObject>(call: Call & { body: JsonObject }, io: Io): Promise<O>
  /** Exactly the version that is named: `Conflict` where it is another one by now. */
  remove(call: Call & { resourceVersion: string }, io: Io): Promise<void>
}

export function kubeOf(config: KubernetesAccess, deps: Deps): Kube {
  const answered = callerOf(config, deps)
  const call: Caller = async (request, io) => (await answered(request, io)).content as never
  return {
    cluster: clusterOf(config),
    get: ({ path, doing }, io) => call({ method: 'GET', path, doing }, io),
    async clock(doing, io) {
      const sentAt = deps.now()
      const { headers } = await answered({ method: 'GET', path: '/version', doing }, io)
      const at = Date.parse(headers.get('date') ?? '')
      return Number.isNaN(at) ? null : { at, sentAt, receivedAt: deps.now() }
    },
    async list<O>({ path, doing }: Call, io: Io) {
      const items: O[] = []
      let token = ''
      for (let page = 0; page < PAGES_MAX; page++) {
        const query = `${path.includes('?') ? '&' : '?'}limit=${PAGE}${token === '' ? '' : `&continue=${encodeURIComponent(token)}`}`
        const asked = call<List<O>>({ method: 'GET', path: `${path}${query}`, doing }, io)
        const answer = await asked.catch((error: unknown) => {
          if (kindOf(error) === 'Missing') return null // a collection is never missing, its kind is
          throw error
        })
        if (answer === null) return null
        items.push(...(answer.items ?? []))
        token = answer.metadata?.continue ?? ''
        if (token === '') return items
      }
      throw failure('Rejected', `${doing}: more than ${PAGE * PAGES_MAX} objects`)
    },
    patch: ({ path, patch, doing, isTrial = false }, io) =>
      call(
        {
          method: 'PATCH',
          // Strict: a field that the API server does not know would be dropped in silence otherwise.
          path: `${path}?fieldManager=${FIELD_MANAGER}&fieldValidation=Strict${isTrial ? '&dryRun=All' : ''}`,
          body: JSON.stringify(patch),
          type: 'application/json-patch+json',
          doing,
          hasTests: patch.some(({ op }) => op === 'test'),
        },
        io,
      ),
    create: ({ path, body, doing }, io) =>
      call({ method: 'POST', path, body: JSON.stringify(body), type: 'application/json', doing }, io),
    async remove({ path, doing, resourceVersion }, io) {
      const body = JSON.stringify({ preconditions: { resourceVersion } })
      await call({ method: 'DELETE', path, body, type: 'application/json', doing }, io)
    },
    replace: ({ path, body, doing }, io) =>
      call(
        {
          method: 'PUT',
          path: `${path}?fieldManager=${FIELD_MANAGER}&fieldValidation=Strict`,
          body: JSON.stringify(body),
          type: 'application/json',
          doing,
        },
        io,
      ),
  }
}

type Caller = <O>(request: Request, io: Io) => Promise<O>
type Answering = (request: Request, io: Io) => Promise<{ content: unknown; headers: Headers }>

/** One request and what it comes to, with the credentials of this moment. */
function callerOf(config: KubernetesAccess, deps: Deps): Answering {
  const credentials = credentialsOf(config, deps)
  const timeoutMs = milliseconds(config.timeout)

  async function send({ method, path, doing: what, body, type }: Request, io: Io) {
    const { server, headers, fetch, secrets, renews } = await credentials.enter(io.signal)
    const accept = { ...headers, accept: 'application/json' }
    const answer = await exchange(fetch, {
      what,
      url: `${server}${path}`,
      init: {
        method,
        headers: type === undefined ? accept : { ...accept, 'content-type': type },
        ...(body === undefined ? {} : { body }),
      },
      signal: io.signal,
      timeoutMs,
      bytesMax: ANSWER_BYTES_MAX,
    })
    if (answer.status === 401) credentials.refused()
    return { answer, secrets, renews }
  }

  return async (request, io) => {
    const { doing: what, hasTests = false } = request
    let sent = await send(request, io)
    // Not let in means not done. A program that hands out credentials is asked for a new one, once.
    if (sent.answer.status === 401 && sent.renews) sent = await send(request, io)
    const { answer, secrets } = sent
    if (answer.status >= 300) throw refusal({ what, answer, secrets, now: deps.now(), hasTests })
    if (answer.isCut) throw failure('Rejected', `${what}: an answer over 8 MiB`)
    try {
      return { content: JSON.parse(answer.body) as unknown, headers: answer.headers }
    } catch (cause) {
      throw failure('Config', `${what}: the answer is not JSON: this is no Kubernetes API`, { cause })
    }
  }
}

interface List<O> {
  items?: O[]
  metadata?: { continue?: string }
}

interface Request extends Call {
  method: string
  body?: string
  type?: string
  hasTests?: boolean
}
