// What one instance counts about itself, as Prometheus text. Every series is there from the start, at zero: a series
// that appears only with the first error has no rate at first.
const BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.0075, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]
const STATUSES = [200, 500]

export type Metrics = {
  count(status: number, seconds: number): void
  begin(): void
  end(): void
  countOrder(): void
  render(): string
}

export function createMetrics(labels: { app: string; side: string; version: string }): Metrics {
  const common = `app="${labels.app}",side="${labels.side}"`
  const requests = new Map(STATUSES.map((status) => [status, 0]))
  const buckets = BUCKETS_SECONDS.map(() => 0)
  let total = 0
  let sumSeconds = 0
  let orders = 0
  let inFlight = 0
  return {
    count(status, seconds) {
      requests.set(status, (requests.get(status) ?? 0) + 1)
      total += 1
      sumSeconds += seconds
      for (const [index, limit] of BUCKETS_SECONDS.entries()) {
        if (seconds <= limit) buckets[index] = (buckets[index] ?? 0) + 1
      }
    },
    begin() {
      inFlight += 1
    },
    end() {
      inFlight -= 1
    },
    countOrder() {
      orders += 1
    },
    render() {
      return [
        '# HELP http_requests_total Requests answered.',
        '# TYPE http_requests_total counter',
        ...[...requests].map(([status, n]) => `http_requests_total{${common},status="${status}"} ${n}`),
        '# HELP http_request_duration_seconds Time from request to answer.',
        '# TYPE http_request_duration_seconds histogram',
        ...BUCKETS_SECONDS.map(
          (limit, index) => `http_request_duration_seconds_bucket{${common},le="${limit}"} ${buckets[index]}`,
        ),
        `http_request_duration_seconds_bucket{${common},le="+Inf"} ${total}`,
        `http_request_duration_seconds_sum{${common}} ${sumSeconds}`,
        `http_request_duration_seconds_count{${common}} ${total}`,
        '# HELP orders_total Orders placed.',
        '# TYPE orders_total counter',
        `orders_total{${common}} ${orders}`,
        '# HELP http_requests_in_flight Requests begun and not ended.',
        '# TYPE http_requests_in_flight gauge',
        `http_requests_in_flight{${common}} ${inFlight}`,
        '# HELP app_info The version that answers.',
        '# TYPE app_info gauge',
        `app_info{${common},version="${labels.version}"} 1`,
        '',
      ].join('\n')
    },
  }
}
