// What a data plane without pods needs said: who the gateway is, where it listens, and services whose one endpoint is a port of
// loopback. Data only.
import type { KubeObject } from './kubernetes.ts'

/** Nothing is bound to it: istiod finds by it what belongs to the proxy. Were it 127.0.0.1, the proxy would get the labels of services. */
const GATEWAY_ADDRESS = '192.0.2.1'
const GATEWAY_LABELS = { istio: 'gw', 'gateway.networking.k8s.io/gateway-name': 'gw' }
const SERVICE_PORT = 8080
const ISTIO = 'networking.istio.io/v1'
const HTTP_OPTIONS = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions'

export function groundObjects(of: { namespace: string; edge: number; routes: number }): KubeObject[] {
  const { namespace, edge, routes } = of
  return [
    {
      apiVersion: ISTIO,
      kind: 'Gateway',
      metadata: { name: 'edge', namespace },
      spec: {
        selector: { istio: 'gw' },
        servers: [
          { bind: '127.0.0.1', port: { number: edge, name: 'http', protocol: 'HTTP' }, hosts: ['*'] },
        ],
      },
    },
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      metadata: { name: 'gw', namespace },
      spec: {
        gatewayClassName: 'istio',
        listeners: [
          { name: 'http', port: routes, protocol: 'HTTP', allowedRoutes: { namespaces: { from: 'Same' } } },
        ],
      },
    },
    entry('gw-istio', namespace, {
      port: routes,
      endpoints: [{ address: GATEWAY_ADDRESS, labels: GATEWAY_LABELS }],
    }),
    // A Gateway of the Gateway API cannot say where it binds.
    {
      apiVersion: 'networking.istio.io/v1alpha3',
      kind: 'EnvoyFilter',
      metadata: { name: 'loopback', namespace: 'istio-system' },
      spec: {
        configPatches: [
          {
            applyTo: 'LISTENER',
            match: { context: 'GATEWAY', listener: { portNumber: routes } },
            patch: { operation: 'MERGE', value: { address: socket(routes) } },
          },
        ],
      },
    },
  ]
}

/** A Service, and what says where its one endpoint is: a real API server takes no endpoint on loopback. `subsets`: port by label `version`. */
export function serviceObjects(of: {
  namespace: string
  name: string
  port?: number
  subsets?: Record<string, number>
  protocol?: 'HTTP' | 'GRPC'
  servicePort?: number
}): KubeObject[] {
  const { namespace, name, port, subsets = {}, protocol = 'HTTP', servicePort = SERVICE_PORT } = of
  const portName = protocol.toLowerCase() // Istio takes the protocol of a Service from it
  const endpoints = [
    ...(port === undefined ? [] : [{ address: '127.0.0.1', ports: { [portName]: port } }]),
    ...Object.entries(subsets).map(([version, each]) => ({
      address: '127.0.0.1',
      ports: { [portName]: each },
      labels: { version },
    })),
  ]
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace },
      spec: { ports: [{ name: portName, port: servicePort, protocol: 'TCP' }] },
    },
    entry(name, namespace, { port: servicePort, endpoints, protocol }),
  ]
}

/** Where the one endpoint of such a Service is from now on. */
export function endpointsAt(of: { namespace: string; name: string; port: number }): KubeObject {
  const endpoints = [{ address: '127.0.0.1', ports: { http: of.port } }]
  return entry(of.name, of.namespace, { port: SERVICE_PORT, endpoints })
}

function entry(
  name: string,
  namespace: string,
  of: { port: number; endpoints: object[]; protocol?: 'HTTP' | 'GRPC' },
): KubeObject {
  const { protocol = 'HTTP' } = of
  return {
    apiVersion: ISTIO,
    kind: 'ServiceEntry',
    metadata: { name, namespace },
    spec: {
      hosts: [`${name}.${namespace}.svc.cluster.local`],
      location: 'MESH_INTERNAL',
      resolution: 'STATIC',
      ports: [{ number: of.port, name: protocol.toLowerCase(), protocol }],
      endpoints: of.endpoints,
    },
  }
}

/** Who a proxy is: the gateway, or the one beside a client in the mesh that sends to a port of its own. */
const ROLES = {
  gateway: { kind: 'router', address: GATEWAY_ADDRESS, name: 'gw', labels: GATEWAY_LABELS },
  client: { kind: 'sidecar', address: '192.0.2.2', name: 'client', labels: { app: 'client' } },
}
export type Role = keyof typeof ROLES

/** Plain ADS, as a proxy of Istio asks, and who it is. */
export function bootstrapOf(of: { namespace: string; xds: number; admin: number; role?: Role }): object {
  const { namespace, xds, admin, role = 'gateway' } = of
  const { kind, address, name, labels } = ROLES[role]
  const ads = { ads: {}, resource_api_version: 'V3' }
  const endpoint = { endpoint: { address: socket(xds) } }
  return {
    node: {
      id: `${kind}~${address}~${name}.${namespace}~${namespace}.svc.cluster.local`,
      cluster: `${name}.${namespace}`,
      metadata: {
        NAMESPACE: namespace,
        CLUSTER_ID: 'Kubernetes',
        ISTIO_VERSION: '1.31.0',
        LABELS: labels,
        ...(role === 'client' && { INTERCEPTION_MODE: 'NONE' }),
      },
    },
    admin: { address: socket(admin) },
    // As Istio's own proxies have it: a stock Envoy refuses expressions of more than a few members.
    layered_runtime: {
      layers: [{ name: 'istio', static_layer: { 're2.max_program_size.error_level': 32_768 } }],
    },
    // As Istio has it: the name of a cluster is one label, however many dots are in it.
    stats_config: { stats_tags: [{ tag_name: 'cluster_name', regex: '^cluster\\.((.+?);\\.)' }] },
    dynamic_resources: {
      ads_config: {
        api_type: 'DELTA_GRPC',
        transport_api_version: 'V3',
        set_node_on_first_message_only: true,
        grpc_services: [{ envoy_grpc: { cluster_name: 'istiod' } }],
      },
      lds_config: ads,
      cds_config: ads,
    },
    static_resources: {
      clusters: [
        {
          name: 'istiod',
          type: 'STATIC',
          connect_timeout: '1s',
          typed_extension_protocol_options: {
            [HTTP_OPTIONS]: {
              '@type': `type.googleapis.com/${HTTP_OPTIONS}`,
              explicit_http_config: { http2_protocol_options: {} },
            },
          },
          load_assignment: { cluster_name: 'istiod', endpoints: [{ lb_endpoints: [endpoint] }] },
        },
      ],
    },
  }
}

function socket(port: number): object {
  return { socket_address: { address: '127.0.0.1', port_value: port } }
}
