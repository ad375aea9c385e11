// Providers connected to the lab directly, for setting the stage; runs go through the worker instead.
import { HaproxyConfig } from '../../activities/traffic/haproxy/schema.ts'
import { EnvoyConfig } from '../../activities/traffic/envoy/schema.ts'
import { CaddyConfig } from '../../activities/traffic/caddy/schema.ts'
import { NginxConfig } from '../../activities/traffic/nginx/schema.ts'
import { TraefikConfig } from '../../activities/traffic/traefik/schema.ts'
import { Rfc2136Config } from '../../activities/dns/rfc2136/schema.ts'
import { PowerdnsConfig } from '../../activities/dns/powerdns/schema.ts'
import type { Deps } from '../../activities/provider.ts'
import { connectSecrets } from '../../activities/secrets.ts'
import type { Addresses } from '../addresses.ts'
import type { Lab } from '../lab.ts'
import { bind, caddy, envoy, haproxy, nginx, powerdns, secretsOf, traefik } from './runbook.ts'

export function configsOf(lab: Addresses) {
  return {
    haproxy: HaproxyConfig.parse(without(haproxy(lab))),
    envoy: EnvoyConfig.parse(without(envoy(lab))),
    bind: Rfc2136Config.parse(without(bind(lab))),
    powerdns: PowerdnsConfig.parse(without(powerdns(lab))),
  }
}

/** Of the further edges, where the lab has them. */
export function othersOf(lab: Addresses) {
  return {
    nginx: NginxConfig.parse(without(nginx(lab))),
    traefik: TraefikConfig.parse(without(traefik(lab))),
    caddy: CaddyConfig.parse(without(caddy(lab))),
  }
}

export function depsOf({ addresses }: Lab): Deps {
  return {
    fetch: globalThis.fetch,
    now: () => Date.now(),
    log: { warn() {}, debug() {} },
    secrets: connectSecrets(secretsOf(addresses)),
    commandFolder: addresses.commands.folder,
  }
}

function without({ provider: _, ...config }: { [key: string]: unknown }): { [key: string]: unknown } {
  return config
}
