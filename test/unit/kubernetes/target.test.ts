// A write over the look that it came with: it costs no other look, and is refused over anything but exactly that version.
import { describe, expect, it } from 'vitest'
import type { Kube, KubeObject } from '../../../activities/kubernetes/client.ts'
import { versionOf } from '../../../activities/kubernetes/over.ts'
import { type StoredTarget, writeTarget } from '../../../activities/kubernetes/target.ts'
import { failure } from '../../../activities/failure.ts'
import type { Observed } from '../../../workflows/ports/target.ts'

const io = { signal: new AbortController().signal }

interface Look {
  object: KubeObject
}

/** An API server with one object, `spec.share`; says which calls it was asked, and takes a write over its version only. */
function world() {
  const asked: string[] = []
  const stored = { version: 1, share: 25 }
  const object = (): KubeObject => ({
    metadata: {
      name: 'route',
      uid: 'u',
      resourceVersion: String(stored.version),
      generation: stored.version,
    },
    spec: { share: stored.share },
  })
  const kube = {
    async patch({ patch }) {
      asked.push('patch')
      if (patch[0]?.value !== String(stored.version)) throw failure('Conflict', 'another version')
      stored.version += 1
      stored.share = patch[1]?.value as number
      return object()
    },
  } as Pick<Kube, 'patch'> as Kube
  const looks = new WeakMap<Observed, Look>()
  const seen = ({ object: here }: Look): Observed<number> => ({
    value: shareOf(here),
    version: versionOf(here.metadata, shareOf(here), null),
  })
  const target: StoredTarget<Look, number> = {
    place: 'route',
    async look() {
      asked.push('get')
      return { object: object() }
    },
    behind: (told) => looks.get(told),
    stored: ({ object: here }) => ({ kube, object: here, path: '/route' }),
    seen,
    said: ({ object: here }) => shareOf(here),
    isThere: ({ object: here }, desired) => shareOf(here) === desired,
    isTakenUp: () => true,
    patch: (_, desired) => [{ op: 'replace', path: '/spec/share', value: desired }],
    refuse() {},
  }
  return {
    asked,
    stored,
    target,
    observe(): Observed<number> {
      const here = { object: object() }
      const told = seen(here)
      looks.set(told, here)
      return told
    },
  }
}

const shareOf = ({ spec }: KubeObject): number => (spec as { share: number }).share
describe('a write over a look', () => {
  it('is the next call after a look that was made here', async () => {
    const { asked, stored, target, observe } = world()
    await writeTarget(target, { target: 'split', desired: 0, seen: observe(), before: 0 }, io)
    expect(asked).toEqual(['patch', 'get']) // the last one looks whether it is taken up
    expect(stored.share).toBe(0)
  })

  it('looks first where the look was made elsewhere', async () => {
    const { asked, target, observe } = world()
    await writeTarget(target, { target: 'split', desired: 0, seen: { ...observe() }, before: 0 }, io)
    expect(asked).toEqual(['get', 'patch', 'get'])
  })

  it('is refused over a value that came in between, which is left as it is', async () => {
    const { stored, target, observe } = world()
    const seen = observe()
    Object.assign(stored, { version: 2, share: 60 })
    const written = writeTarget(target, { target: 'split', desired: 0, seen, before: 0 }, io)
    await expect(written).rejects.toMatchObject({ type: 'Conflict', details: [{ found: 60 }] })
    expect(stored.share).toBe(60)
  })
})
