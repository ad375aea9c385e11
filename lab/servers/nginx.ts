// NGINX as a third edge in front of both sides. Who gets a request stands in one included file of `split_clients` blocks, which
// is replaced and reloaded; upstreams v1 (old), v2 (new) and shadow. The split `$payments_pool` of that file is a neighbour.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { requireServer } from '../../scripts/find-servers.mjs'
import { startServer } from '../server-process.ts'
import type { ServerHandle } from '../server-process.ts'
import { type Behind, type BehindOptions, behind, edgePorts } from './behind.ts'

const WORKERS = 2 // a reload must reach every one of them
const EXECUTABLE_MODE = 0o755 // writable by the owner alone, as the provider demands

type Ports = { edge: number; own: number }

export type Nginx = {
  server: ServerHandle
  /** Where users come in. */
  url: string
  port: number
  controlUrl: string
  /** The file to replace by rename, before a reload. */
  splitFile: string
  /** A line for each request. */
  log: string
  variable: '$orders_pool'
  shadowVariable: '$orders_shadow'
  upstreams: { old: 'v1'; new: 'v2'; shadow: 'shadow' }
  /** Executables such as a worker's owner would place. */
  commandFolder: string
  check: 'nginx-check'
  reload: 'nginx-reload'
  /** The same as a runbook names them. */
  commands: { check: ['nginx-check']; reload: ['nginx-reload'] }
  configFile: string
}

export interface NginxOptions extends BehindOptions {
  /** What the split hashes; `$request_id` draws anew for each request. */
  key?: string
  /** The variable by which members of a cohort are told (`$http_x_tenant`): then a map of the file sets `$orders_to`. */
  cohort?: string
}

export async function startNginx(options: NginxOptions): Promise<Nginx> {
  const command = requireServer('nginx')
  const sides = behind(options)
  let folder = ''
  const { chosen, server } = await startServer<Ports>('nginx', edgePorts, (ports, path) => {
    folder = path
    for (const name of ['cutover', 'commands', 'temporary']) mkdirSync(join(path, name))
    const config = configFile(path)
    const { cohort, key = '$request_id' } = options
    writeFileSync(splitFile(path), cohort === undefined ? SPLITS : `${SPLITS}${mapBy(cohort)}`)
    const to = cohort === undefined ? '$orders_pool' : '$orders_to'
    writeFileSync(config, configuration({ ports, path, sides, key, to }))
    place(path, 'nginx-check', `${command} -T -q -c ${config}`)
    place(path, 'nginx-reload', `${command} -s reload -c ${config}`)
    const isReady = async () => (await fetch(`http://127.0.0.1:${ports.own}/cutover/orders?key=c`)).ok
    return { command, args: ['-c', config], withChildren: true, isReady }
  })
  return {
    server,
    url: `http://127.0.0.1:${chosen.edge}`,
    port: chosen.edge,
    controlUrl: `http://127.0.0.1:${chosen.own}/cutover/orders`,
    splitFile: splitFile(folder),
    log: join(folder, 'orders.log'),
    variable: '$orders_pool',
    shadowVariable: '$orders_shadow',
    upstreams: { old: 'v1', new: 'v2', shadow: 'shadow' },
    commandFolder: join(folder, 'commands'),
    check: 'nginx-check',
    reload: 'nginx-reload',
    commands: { check: ['nginx-check'], reload: ['nginx-reload'] },
    configFile: configFile(folder),
  }
}

const splitFile = (folder: string): string => join(folder, 'cutover', 'orders.conf')
const configFile = (folder: string): string => join(folder, 'nginx.conf')

function place(folder: string, name: string, line: string): void {
  const path = join(folder, 'commands', name)
  writeFileSync(path, `#!/bin/sh\nexec ${line}\n`)
  chmodSync(path, EXECUTABLE_MODE)
}

const SPLITS = `# Shares of the sides. Replaced by cutover.
split_clients "$payments_key" $payments_pool {
    30% v2;
    * v1;
}
split_clients "$orders_key" $orders_pool {
    * v1;
}
split_clients "\${orders_key}m" $orders_shadow {
    * "";
}
`

const mapBy = (source: string): string => `map ${source} $orders_to {
    default $orders_pool;
    "~^vip-" p9; # somebody else's
}
`

function upstream(name: string, of: number[]): string {
  const servers = of.map((port) => `server 127.0.0.1:${port} max_fails=0;`)
  return `  upstream ${name} { ${servers.join(' ')} keepalive 64; }`
}

function configuration(given: {
  ports: Ports
  path: string
  sides: Behind
  key: string
  /** The variable by which users are sent on. */
  to: string
}): string {
  const { ports, path, sides, key, to } = given
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `  ${name}_temp_path ${path}/temporary/${name};`,
  )
  // Idle connections to the sides stay open: one that is closed while the next request reuses it loses that request.
  return `daemon off;
${process.getuid?.() === 0 ? 'user root;\n' : ''}pid ${path}/nginx.pid;
error_log ${path}/error.log notice;
worker_processes ${WORKERS};
worker_shutdown_timeout 30s;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_requests 1000000;
  keepalive_timeout 1h;
${temporary.join('\n')}
  log_format orders '${to}';
  log_format copies 'mirror';
  include ${splitFile(path)};
${upstream('v1', sides.old)}
${upstream('v2', sides.new)}
${upstream('shadow', sides.shadow)}
${upstream('v2-cohort', sides.new)}
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  server {
    listen 127.0.0.1:${ports.edge};
    set $orders_key ${key};
    set $payments_key ${key};
    location /payments { proxy_pass http://$payments_pool; }
    location / {
      access_log ${path}/orders.log orders;
      mirror /__mirror;
      proxy_pass http://${to};
    }
    location = /__mirror {
      internal;
      if ($orders_shadow = "") { return 204; }
      log_subrequest on;
      access_log ${path}/orders.log copies if=$orders_shadow;
      proxy_connect_timeout 500ms;
      proxy_read_timeout 1s;
      proxy_set_header Host $host-shadow;
      proxy_pass http://$orders_shadow$request_uri;
    }
  }
  server {
    listen 127.0.0.1:${ports.own};
    keepalive_timeout 0;
    location = /cutover/orders {
      set $orders_key $arg_key;
      default_type text/plain;
      return 200 "pid=$pid pool=$orders_pool shadow=$orders_shadow to=${to}\\n";
    }
    location = /status { stub_status; }
  }
}
`
}
