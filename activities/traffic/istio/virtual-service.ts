// A VirtualService as the API server stores it, as far as a cutover reads it. Types only.
// https://istio.io/latest/docs/reference/config/networking/virtual-service/ (1.31)
import type { JsonObject } from '../../../workflows/json.ts'
import type { KubeObject } from '../../kubernetes/client.ts'
import type { StoredDestination } from './destination.ts'

export interface Weighted extends JsonObject {
  destination: StoredDestination
  weight?: number
}
export interface Percentage extends JsonObject {
  value?: number
}
export interface MirrorEntry extends JsonObject {
  destination: StoredDestination
  percentage?: Percentage
}
export type HeaderMatch = { exact?: string; regex?: string; prefix?: string }
export interface HttpMatch extends JsonObject {
  name?: string
  headers?: Record<string, HeaderMatch>
}
export interface HttpRule extends JsonObject {
  name?: string
  match?: HttpMatch[]
  route?: Weighted[]
  delegate?: JsonObject
  mirrors?: MirrorEntry[]
  /** The older form, of one mirror only. */
  mirror?: StoredDestination
  mirrorPercentage?: Percentage
}
/** Of connections, which no http route sees. */
export interface ConnectionRule extends JsonObject {
  route?: Weighted[]
}
export interface VirtualService extends KubeObject {
  spec: {
    hosts?: string[]
    gateways?: string[]
    http?: HttpRule[]
    tls?: ConnectionRule[]
    tcp?: ConnectionRule[]
  } & JsonObject
}
