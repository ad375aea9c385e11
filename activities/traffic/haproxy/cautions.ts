// What a person should know of the servers of a backend before users are moved: whoever gets no request, or not by weight.
import type { BackendStat, ServerStat } from './client.ts'
import type { Sides } from './servers.ts'

const ALGORITHMS: Record<string, string> = {
  random:
    'draws two servers and takes the less busy one, which distorts a split (75:25 came out as 51:49); use roundrobin',
  first: 'fills the first server before the next one, whatever the weights say; use roundrobin',
  'static-rr': 'takes no weights at run time but 0 % and 100 %; use roundrobin',
}

/** One sentence each. `sizes`: how large the servers of a side are beside each other, where that is known. */
export function cautionsOf(
  backend: BackendStat,
  sides: Sides,
  known: { weights: Record<string, number>; sizes: Record<string, number> },
): string[] {
  const named = new Map(backend.servers.map((server) => [server.name, server]))
  const algorithm = ALGORITHMS[backend.algorithm ?? '']
  const others = backend.servers.filter(({ name, weight }) => !(name in known.weights) && weight > 0)
  return [
    ...(algorithm === undefined ? [] : [`balance ${backend.algorithm} ${algorithm}`]),
    ...(backend.cookie === null
      ? []
      : [
          `it keeps users on their server by the cookie ${backend.cookie}: known users stay where they are whatever the weights say, on the way back too`,
        ]),
    ...[...sides.old, ...sides.new].flatMap((name) => {
      const server = named.get(name)
      return server === undefined ? [] : ofServer(server)
    }),
    ...(['old', 'new'] as const).flatMap((side) => ofSizes(side, sides[side], known.sizes)),
    ...others.map(
      ({ name, weight }) => `${name} has weight ${weight} and is on neither side: it gets requests too`,
    ),
  ]
}

function ofServer(server: ServerStat): string[] {
  const { name } = server
  return [
    ...(server.isBackup
      ? [
          `${name} is a backup server: it gets no request while any other server can take it, whatever its weight`,
        ]
      : []),
    ...(isUsable(server) ? [] : [`${name} is ${statusOf(server)}: ${whatOf(server)}`]),
    ...(server.throttle !== null && server.throttle < 100
      ? [`${name} is starting slowly and has ${server.throttle} % of its weight at present`]
      : []),
    ...(server.hasAgent
      ? [
          `${name} has an agent check, which may set its weight too; a weight that it has set is somebody else's, and the way back would ask before it goes on: disable it for the time of the run (\`disable agent BACKEND/${name}\`), unless it only says up and down`,
        ]
      : []),
  ]
}

function ofSizes(side: string, servers: string[], sizes: Record<string, number>): string[] {
  if (servers.length === 1) return []
  const without = servers.filter((name) => sizes[name] === 0)
  const unknown = servers.some((name) => sizes[name] === undefined)
  return [
    ...without.map(
      (name) => `${name} has weight 0 beside the other servers of the ${side} side and stays at 0`,
    ),
    ...(unknown ? [`the servers of the ${side} side share equally: none of them has a weight to go by`] : []),
  ]
}

/** `UP`, `UP 1/3` (failing checks, still serving) and servers without checks carry traffic; DOWN, MAINT, DRAIN, NOLB do not. */
export function isUsable(server: ServerStat | undefined): boolean {
  return server !== undefined && /^(?:UP|no check)/.test(server.status)
}

/** Taken out by a person, and back by a person only. `MAINT (resolution)` is a name that is not known at the moment. */
export function isTakenOut(server: ServerStat | undefined): boolean {
  return server !== undefined && /^(?:MAINT|DRAIN)/.test(server.status) && !/resolution/.test(server.status)
}

export function statusOf({ status, check }: ServerStat): string {
  return check === null || status.startsWith('UP') ? status : `${status} (${check})`
}

function whatOf(server: ServerStat): string {
  if (!isTakenOut(server)) return 'it gets no request until its check is good again'
  return `it was taken out by hand and gets no request until somebody says \`set server ... state ready\``
}
