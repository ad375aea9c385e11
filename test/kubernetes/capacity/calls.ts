// What a run asks of a number of instances, as the engine asks it, and what comes of a call in words.
import { applyTo } from '../../../activities/change/look.ts'
import { restoreTo } from '../../../activities/change/restore.ts'
import { kindOf } from '../../../activities/failure.ts'
import type { Json } from '../../../workflows/json.ts'
import type { Changing } from '../../../workflows/ports/target.ts'
import { io } from '../../contract/changing.ts'

export async function apply(port: Changing, desired: Json, target = 'new') {
  const { value: expected } = await port.observe(target, io())
  return await applyTo(port, { target, desired, expected, portName: 'capacity' }, io())
}

export function restore(port: Changing, before: Json, ours: Json[]) {
  return restoreAt('new', port, { before, ours })
}

export function restoreAt(target: string, port: Changing, { before, ours }: { before: Json; ours: Json[] }) {
  return restoreTo(
    port,
    { target, before, ours, halves: [], isUncertain: false, isRepeated: false, portName: 'capacity' },
    io(),
  )
}

export function failing(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'done',
    (error: unknown) => `${kindOf(error)}: ${(error as Error).message}`,
  )
}
