// The demo in a mesh: Istio on a real Kubernetes API server, without a cluster. The same acts, by the weights of a VirtualService.
import { openMeshStage } from '../stage/mesh.ts'
import {
  type Act,
  type Ended,
  type Move,
  type Programme,
  breach,
  killed,
  showPlan,
  underLoad,
} from './acts.ts'
import type { Story } from './story.ts'

const RATE = 300 // requests per second: every share is visible, and the control plane has something left of two cores

type Stage = Awaited<ReturnType<typeof openMeshStage>>

export async function openMeshProgramme(story: Story): Promise<Programme> {
  story.say(
    'Starting real servers on loopback: a Kubernetes API server, istiod and its Envoy, Temporal, Prometheus, two versions of a service ...',
  )
  const stage = await openMeshStage()
  const { worker, cli, environment, fleets, start, look } = stage
  const move = { service: 'orders', file: stage.file, url: stage.mesh.edgeUrl }
  return {
    ground: {
      worker,
      cli,
      fleets,
      ratePerSecond: RATE,
      start,
      look,
      async reset() {
        await stage.reset()
        await stage.quiet() // the errors of one act are not those of the next
      },
      parts: 'weights and mirrors',
    },
    environment,
    uiUrl: stage.temporal.uiUrl,
    acts: {
      1: (act) => forward(act, { stage, move }),
      2: (act) => breach(act, move),
      3: (act) => killed(act, move),
    },
    close: () => stage.close(),
  }
}

async function forward(act: Act, { stage, move }: { stage: Stage; move: Move }): Promise<Ended> {
  const { playing, tally } = act
  playing.story.act(1, 'there', [
    `orders moves to its new version: examples/mesh-canary.yaml in a mesh of Istio, minutes made seconds, ${RATE} requests per second`,
    'the worker may do what `cutover rbac` prints for this runbook, and nothing else; mirror, 5 -> 25 -> 50 -> 100 %, each share counted',
  ])
  await showPlan(act, move.file)
  const ended = await underLoad(act, move, [])
  const { weights, mirrors } = await stage.look()
  tally.check(ended.view.outcome === 'completed', `the run ended ${ended.view.outcome}`)
  tally.check(
    weights[0] === 0 && mirrors.length === 0,
    `the VirtualService sends everybody to the new version (weights ${weights.join(':')}), nothing is mirrored`,
  )
  return ended
}
