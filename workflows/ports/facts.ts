// What is known of a port by its name. A name that this version does not know (a plan of a newer one) is one of nothing.
import { type Json, isObject } from '../json.ts'
import { type PortName, ports } from './index.ts'
import type { ChangingFacts } from './port.ts'

/** Null: nothing of this port can be changed. */
export function changingFacts(port: PortName | undefined): ChangingFacts | null {
  return port !== undefined && Object.hasOwn(ports, port) ? ports[port].changing : null
}

/** Every port whose targets can be changed. */
export function changingPorts(): PortName[] {
  return (Object.keys(ports) as PortName[]).filter((port) => changingFacts(port) !== null)
}

/** What of a value stays as it is when nobody does anything. */
export function lastingPart(port: PortName | undefined, value: Json): Json {
  return isObject(value) ? (changingFacts(port)?.lasting?.(value) ?? value) : value
}

/** The parts of a value, where it has several: a write may take effect in one of them only. */
export function partsOf(value: Json): string[] {
  const keys = isObject(value) ? Object.keys(value) : []
  return keys.length > 1 ? keys : []
}
