// An API server with three upstreams beside it that say which side they are: what every data plane of the suites leads users to.
import type { Definitions } from '../../../lab/servers/kubernetes.ts'
import { type Upstream, startUpstream } from '../../contract/traffic/upstream.ts'
import { type Ground, startGround } from '../ground.ts'

export interface UpstreamGround extends Ground {
  upstreams: Record<'v1' | 'v2' | 'shadow', Upstream>
  end(): Promise<void>
}

/** `furnish` puts on it what the suites need, and says how that ends: before the server does, and if it could not be brought up. */
export async function startUpstreamGround<T extends { end(): Promise<void> }>(
  definitions: Definitions[],
  furnish: (ground: UpstreamGround) => Promise<T>,
): Promise<UpstreamGround & T> {
  const ground = await startGround(definitions)
  const [v1, v2, shadow] = (await Promise.all(['old', 'new', 'shadow'].map(startUpstream))) as [
    Upstream,
    Upstream,
    Upstream,
  ]
  const upstreams = { v1, v2, shadow }
  const end = async (): Promise<void> => {
    await ground.kubernetes.server.close()
    await Promise.all(Object.values(upstreams).map((upstream) => upstream.end()))
  }
  const own = { ...ground, upstreams, end }
  try {
    const furniture = await furnish(own)
    return {
      ...own,
      ...furniture,
      end: async () => {
        await furniture.end()
        await end()
      },
    }
  } catch (error) {
    await end()
    throw error
  }
}
