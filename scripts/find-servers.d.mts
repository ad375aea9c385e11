export type ServerName =
  | 'temporal'
  | 'temporal-test-server'
  | 'envoy'
  | 'haproxy'
  | 'named'
  | 'pdns_server'
  | 'unbound'
  | 'prometheus'
  | 'sqlite3'
export const serverNames: ServerName[]
/** Path of one server's executable, or undefined. */
export function findServer(name: ServerName): string | undefined
/** Path of a tool of the checks, or undefined. */
export function findTool(name: 'hadolint'): string | undefined
/** Path of every server's executable; undefined where it is missing. */
export function findServers(): Record<ServerName, string | undefined>
/** Path of one server's executable; throws an error that says how to get it. */
export function requireServer(name: ServerName): string
/** The exact command that brings the named servers. */
export function installCommand(names: ServerName[]): string
