// The flag service in its own words: one flag is a document with a version. Nothing of cutover's ports in here.
import { exchange, excerpt, failure, milliseconds, redact, statusKind } from 'cutover/provider'

const ANSWER_BYTES_MAX = 64 * 1024 // a flag is a line of JSON

export function flagsClient(config, deps) {
  const url = `${config.url.replace(/\/+$/, '')}/flags/${config.flag}`
  async function call(method, signal, { body, version } = {}) {
    const token = await deps.secrets.read(config.token)
    const what = `${method === 'GET' ? 'read' : 'set'} flag ${config.flag} at ${config.url}`
    const answer = await exchange(deps.fetch, {
      what,
      url,
      init: {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          ...(version === undefined ? {} : { 'if-match': version }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      },
      signal,
      timeoutMs: milliseconds(config.timeout),
      bytesMax: ANSWER_BYTES_MAX,
    })
    if (answer.status === 200) return { flag: JSON.parse(answer.body), version: answer.headers.get('etag') }
    const said = excerpt(redact(answer.body, [token])) || 'no reason given'
    throw failure(kindOfStatus(answer.status), `${what}: ${answer.status}: ${said}`)
  }
  return {
    read: (signal) => call('GET', signal),
    replace: (flag, version, signal) => call('PUT', signal, { body: flag, version }),
  }
}

/** What these two answers mean is known to this service alone. */
function kindOfStatus(status) {
  if (status === 404) return 'Missing'
  if (status === 412) return 'Conflict'
  return statusKind(status)
}
