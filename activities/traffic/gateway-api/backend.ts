// How a runbook names a backend of a route: by its name, with a port where several have it. Pure.
import type { BackendRef } from './http-route.ts'

export function isCalled({ name, port }: BackendRef, backend: string): boolean {
  const [wanted, onPort] = backend.split(':')
  return name === wanted && (onPort === undefined || port === Number(onPort))
}

export function nameOf(backend: string): string {
  return backend.split(':')[0] ?? backend
}
