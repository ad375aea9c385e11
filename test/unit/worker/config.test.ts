// The worker's environment: sensible without any variable, and every wrong one named at once.
import { describe, expect, it } from 'vitest'
import { VARIABLES, readConfig, unknownVariables } from '../../../worker/config.ts'

describe('the configuration of a worker', () => {
  it('needs no variable and serves its metrics on loopback only', () => {
    expect(readConfig({})).toEqual({
      config: {
        metricsAddress: { host: '127.0.0.1', port: 9469 },
        isMetricsAddressGiven: false,
        sdkMetricsAddress: null,
        commandFolder: null,
        providers: [],
        bundleFolder: null,
        flaggerAddress: null,
        flaggerKubeconfig: null,
        secrets: null,
        mirror: null,
        maxCachedWorkflows: 2_000,
        maxWatches: 200,
        shutdownGraceMs: 30_000,
        log: 'text',
      },
    })
  })

  it('names variables that look like its own and mean nothing, but no secret and none of the CLI', () => {
    const env = {
      CUTOVER_TASK_QUEUE: 'other',
      CUTOVER_ACTOR: 'ana',
      CUTOVER_LOG: 'json',
      CUTOVER_TOKEN: 'x',
      PATH: '',
    }
    expect(unknownVariables(env, ['env:CUTOVER_TOKEN'])).toEqual(['CUTOVER_TASK_QUEUE'])
    expect(unknownVariables(env, null)).toEqual(['CUTOVER_TASK_QUEUE', 'CUTOVER_TOKEN'])
  })

  it('shows runs in Kubernetes where a namespace is named, and says what is missing where half of it is', () => {
    const read = readConfig({
      CUTOVER_MIRROR_NAMESPACE: 'cutover',
      CUTOVER_MIRROR_KUBECONFIG: 'file:/etc/kubeconfig',
    })
    expect(read).toMatchObject({
      config: { mirror: { namespace: 'cutover', kubeconfig: 'file:/etc/kubeconfig', context: null } },
    })
    expect(
      readConfig({ CUTOVER_MIRROR_CONTEXT: 'prod', CUTOVER_MIRROR_KUBECONFIG: '/etc/kubeconfig' }),
    ).toEqual({
      problems: [
        expect.stringMatching(/^CUTOVER_MIRROR_KUBECONFIG="\/etc\/kubeconfig": not a reference to a secret/),
        expect.stringMatching(/^CUTOVER_MIRROR_CONTEXT: there is no kubeconfig/),
      ],
    })
    expect(readConfig({ CUTOVER_MIRROR_KUBECONFIG: 'env:KUBECONFIG' })).toEqual({
      problems: [expect.stringMatching(/^CUTOVER_MIRROR_KUBECONFIG: set CUTOVER_MIRROR_NAMESPACE/)],
    })
  })

  it('takes what is set', () => {
    const read = readConfig({
      CUTOVER_METRICS_ADDRESS: 'off',
      CUTOVER_SDK_METRICS_ADDRESS: '[::1]:9470',
      CUTOVER_COMMAND_FOLDER: '/etc/cutover/commands',
      CUTOVER_SECRETS: 'env:DNS_*, file:/run/secrets/*',
      CUTOVER_PROVIDERS: '@acme/consul, /srv/providers/flags',
      CUTOVER_SHUTDOWN_GRACE: '1m30s',
      CUTOVER_LOG: 'json',
    })
    expect(read).toMatchObject({
      config: {
        metricsAddress: null,
        sdkMetricsAddress: { host: '::1', port: 9470 },
        commandFolder: '/etc/cutover/commands',
        secrets: ['env:DNS_*', 'file:/run/secrets/*'],
        providers: ['@acme/consul', '/srv/providers/flags'],
        shutdownGraceMs: 90_000,
        log: 'json',
      },
    })
  })

  it('names every wrong variable at once, with what would be right', () => {
    const names = Object.keys(VARIABLES)
    const read = readConfig(Object.fromEntries(names.map((name) => [name, '?'])))
    expect('problems' in read && read.problems.length).toBe(names.length)
    expect('problems' in read && read.problems.join('\n')).toContain(
      'CUTOVER_METRICS_ADDRESS="?": not an address: write host:port (port 0 = any free one), or off',
    )
  })

  it('refuses a port that does not exist', () => {
    expect(readConfig({ CUTOVER_METRICS_ADDRESS: '127.0.0.1:70000' })).toHaveProperty('problems')
  })
})
