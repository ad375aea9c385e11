// The runbook that `cutover init` writes. A test validates it; every line that must be changed says so.

export const starter = `# A first cutover: traffic moves from old to new behind HAProxy, watched through Prometheus.
# Lines marked CHANGE name your world. Check with \`cutover validate\`, read with \`cutover plan\`.
cutover: v1
service: my-service # CHANGE: at most one run of a service is open at any time
description: What moves from where to where # CHANGE

# The outside world by name. Secrets are never written here: use env:NAME or file:/path, the worker reads them.
connections:
  edge: # what shares requests between the sides
    provider: traffic/haproxy
    socket: /run/haproxy/admin.sock # CHANGE: the runtime socket, as the worker sees it
    backend: my-service # CHANGE
    old: v1 # CHANGE: server (or list of servers) that serves today
    new: v2 # CHANGE: server (or list of servers) that is to serve
  prom:
    provider: metrics/prometheus
    url: http://prometheus:9090 # CHANGE

# What sends the run back by itself. $side becomes old or new. No data is never good.
guards:
  errors:
    from: prom
    # CHANGE: failed / all; "or 0 * all" because a healthy service may have no series of failures yet
    query: >-
      (sum(rate(http_requests_total{side="$side",status=~"5.."}[1m])) or 0 * sum(rate(http_requests_total{side="$side"}[1m])))
      / sum(rate(http_requests_total{side="$side"}[1m]))
    samples: sum(increase(http_requests_total{side="$side"}[1m])) # CHANGE: what the reading rests on
    max: 0.5%
    breach: 3 in a row # so many bad checks in a row send the run back
    every: 10s
    min_samples: 100 # fewer than this: unknown, never good
    when_unknown: { for: 2m, do: hold } # stay at this weight and ask a person

# What happens, in this order. Everything can be undone at any moment: \`cutover abort my-service\`.
steps:
  - approve: # a person other than the one who started the run
      title: Ready to move users
      expires: 1h # unanswered, the run goes back
  - canary: # each share is held until its time is over and the guards were good
      connection: edge
      weights: [5%, 25%, 50%]
      hold: 5m
  - switch: # all traffic to the new side
      connection: edge
      hold: 15m
  - hold: # stay here, watched; going back is still one command
      for: 24h
`
