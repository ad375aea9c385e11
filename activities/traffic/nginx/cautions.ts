// What NGINX accepts and does not do well, read from its whole configuration: upstreams that are not there, users who wait for
// a shadow, keys that let users change sides. `nginx -t` finds none of it (verified 2026-11-27 on 1.22.1).
import { COHORT } from '../../../workflows/ports/traffic.ts'
import { failure } from '../../failure.ts'
import { partsOf } from './keys.ts'
import type { NginxConfig } from './schema.ts'
import { type Directive, every, parse } from './syntax.ts'

const SHADOW_SECONDS_MAX = 1 // longer, and users of kept-alive connections wait noticeably
const DRAWN_ANEW = /\$\{?(?:request_id|connection_requests|msec|connection)\b/

/** Raises Config or Rejected for what would serve nobody: the file is not read at all, or an upstream is not there. */
export function refuseUnserved(dump: string, { config, target, doing }: Sharing, text: string): void {
  if (!dump.includes(text.trim())) {
    throw failure(
      'Config',
      `${doing}: NGINX does not read this file; its configuration needs \`include ${config.file};\` in http`,
    )
  }
  const there = upstreamsIn(dump)
  const wanted = upstreamsFor(target, config)
  const unknown = wanted.filter((name) => !there.includes(name))
  if (unknown.length === 0) return
  throw failure(
    'Rejected',
    `${doing}: NGINX has no upstream ${unknown.join(', ')} and would answer 502; it has ${there.sort().join(', ') || 'none'}`,
  )
}

function upstreamsFor(target: string, { old, new: fresh, shadow = '', cohort }: NginxConfig): string[] {
  if (target === COHORT) return [cohort?.to ?? fresh]
  return target === 'mirror' ? [shadow] : [old, fresh]
}

export interface Sharing {
  config: NginxConfig
  target: string
  doing: string
}

export function cautionsOf(
  dump: string,
  { config, target, template }: { config: NginxConfig; target: string; template: string },
): string[] {
  const tree = sections(dump)
  return [
    ...ofKey(tree, template),
    ...ofServers(tree, target === 'mirror' ? [config.shadow ?? ''] : [config.old, config.new]),
    ...(every(tree, 'worker_shutdown_timeout').length > 0
      ? []
      : [
          'worker_shutdown_timeout is not set: workers of before a reload stay until their last connection is closed',
        ]),
    ...(target === 'split' ? ofOthers(tree, [config.old, config.new]) : []),
    ...(target === 'mirror' ? ofMirrors(tree) : []),
  ]
}

/** Whether a user keeps a side is decided by what the split hashes. */
function ofKey(tree: Directive[], template: string): string[] {
  const { variable } = partsOf(template)
  const values = every(tree, 'set')
    .filter(({ words }) => words[0] === variable)
    .map(({ words }) => words[1] ?? '')
  const drawn = [variable, ...values].find((value) => DRAWN_ANEW.test(value))
  if (drawn === undefined) return []
  return [`the split hashes ${drawn}: each request is drawn anew, and a user may change sides with every one`]
}

function ofServers(tree: Directive[], names: string[]): string[] {
  return every(tree, 'upstream')
    .filter(({ words, block }) => names.includes(words[0] ?? '') && block !== null)
    .flatMap(({ words: [name], block }) => {
      const servers = every(block ?? [], 'server')
      const down = servers.filter(({ words }) => words.includes('down'))
      if (servers.length > 0 && down.length === servers.length)
        return [`every server of upstream ${name} is down`]
      return down.map(({ words }) => `server ${words[0]} of upstream ${name} is down`)
    })
}

const PASSES = ['proxy_pass', 'grpc_pass', 'fastcgi_pass', 'uwsgi_pass', 'scgi_pass']

/** Whoever comes to a side past the split is not moved by it. */
function ofOthers(tree: Directive[], names: string[]): string[] {
  const all = PASSES.flatMap((name) => every(tree, name).map(({ words }) => `${name} ${words[0] ?? ''}`))
  const found = all.filter((each) => names.includes(/^\S+ (?:\w+:\/\/)?([^/:]+)/.exec(each)?.[1] ?? ''))
  return [...new Set(found)].map(
    (each) => `\`${each}\` leads to a side past the split: its users are not moved`,
  )
}

/** A mirrored request is part of the user's: the connection is free only when it has ended. */
function ofMirrors(tree: Directive[]): string[] {
  const targets = every(tree, 'mirror').flatMap(({ words }) => (words[0] === 'off' ? [] : [words[0] ?? '']))
  const locations = every(tree, 'location').filter(({ words }) => targets.includes(words.at(-1) ?? ''))
  return locations.flatMap(({ words, block }) =>
    ['proxy_connect_timeout', 'proxy_read_timeout'].flatMap((name) => {
      const value = every(block ?? [], name)[0]?.words[0]
      if (value !== undefined && secondsOf(value) <= SHADOW_SECONDS_MAX) return []
      const is = value === undefined ? 'is not set (60s)' : `is ${value}`
      return [
        `${name} of the mirror location ${words.at(-1)} ${is}: users wait for a slow shadow; set it to 1s at most`,
      ]
    }),
  )
}

function secondsOf(time: string): number {
  const [, amount = '', unit = 's'] = /^(\d+)(ms|s|m|h|d)?$/.exec(time) ?? []
  return Number(amount) * ({ ms: 0.001, s: 1, m: 60, h: 3_600, d: 86_400 }[unit] ?? 1)
}

function upstreamsIn(dump: string): string[] {
  const said = dump.replaceAll(/^\s*#.*$/gm, '')
  return [...said.matchAll(/(?:^|[\s;{}])upstream\s+"?([^\s{"]+)"?\s*\{/g)].map(([, name]) => name ?? '')
}

/** Each file by itself: one that we cannot read (code of another language in braces) hides only itself. */
function sections(dump: string): Directive[] {
  return dump.split(/^# configuration file .*:$/m).flatMap((text) => {
    try {
      return parse(text)
    } catch {
      return [] // NGINX has read it; only what we would have said of it is missing
    }
  })
}
