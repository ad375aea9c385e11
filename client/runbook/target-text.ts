// What a target holds, as plans say it: in the words of its port where it has some. Pure.
import { type Json, isObject } from '../../workflows/json.ts'
import { changingFacts } from '../../workflows/ports/facts.ts'
import type { PortName } from '../../workflows/ports/index.ts'
import { valueText } from '../output/words.ts'

export function targetText(value: Json, port: PortName | null | undefined): string {
  const words = isObject(value) ? changingFacts(port ?? undefined)?.words?.(value) : null
  return words ?? valueText(value)
}
