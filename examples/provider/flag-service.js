// A flag service for the tests and for trying the example: flags in memory, each with a version. `node flag-service.js`
// serves the flag `orders`, all users on the old side, and prints its address.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { pathToFileURL } from 'node:url'

export const TOKEN = 'example-token'

export async function startFlagService(flags) {
  const versions = new Map(Object.keys(flags).map((name) => [name, 1]))
  const service = { isSilent: false, set, flags, url: '', end }
  function set(name, flag) {
    flags[name] = flag
    versions.set(name, versions.get(name) + 1)
  }
  async function handle(request, response) {
    const name = request.url.split('/').at(-1)
    const answer = (status, body) =>
      response.writeHead(status, { etag: `"${versions.get(name)}"` }).end(JSON.stringify(body))
    let text = ''
    for await (const chunk of request) text += chunk
    if (service.isSilent) return
    if (request.headers.authorization !== `Bearer ${TOKEN}`) return answer(401, 'who are you?')
    if (!Object.hasOwn(flags, name)) return answer(404, `no flag ${name}`)
    if (request.method === 'PUT') {
      if (request.headers['if-match'] !== `"${versions.get(name)}"`) return answer(412, 'another version')
      set(name, JSON.parse(text))
    }
    answer(200, flags[name])
  }
  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy()) // whoever asked has gone
  })
  async function end() {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  service.url = `http://127.0.0.1:${server.address().port}`
  return service
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { url } = await startFlagService({ orders: { old: 100, new: 0, by: 'ana' } })
  console.log(url)
}
