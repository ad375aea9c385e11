// An HTTPRoute or GRPCRoute as the API server stores it, as far as a cutover reads it. Types only.
// https://gateway-api.sigs.k8s.io/reference/spec/#httproute (v1.6)
import type { JsonObject } from '../../../workflows/json.ts'
import type { KubeObject } from '../../kubernetes/client.ts'

export interface BackendRef extends JsonObject {
  name: string
  /** Left out: that of the route. */
  namespace?: string
  port?: number
  weight?: number
}
export type Filter = JsonObject & { type: string; requestMirror?: RequestMirror }
export type RequestMirror = JsonObject & {
  backendRef: BackendRef
  percent?: number
  fraction?: { numerator: number; denominator?: number }
}
export interface HeaderMatch extends JsonObject {
  type?: string
  name: string
  value: string
}
export interface Match extends JsonObject {
  headers?: HeaderMatch[]
}
export interface Rule extends JsonObject {
  name?: string
  matches?: Match[]
  backendRefs?: BackendRef[]
  filters?: Filter[]
}
export interface HttpRoute extends KubeObject {
  spec: { parentRefs?: ParentRef[]; rules?: Rule[] } & JsonObject
  status?: { parents?: ParentStatus[] }
}
export type ParentRef = {
  group?: string
  kind?: string
  namespace?: string
  name: string
  sectionName?: string
  port?: number
}
export type ParentStatus = {
  parentRef: ParentRef
  controllerName?: string
  conditions?: {
    type: string
    status: string
    reason?: string
    message?: string
    observedGeneration?: number
  }[]
}
