// The connections that the chaos harness makes bad: what each does to bytes, on loopback.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, type Socket, connect, createServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { freeDnsPort } from '../../../lab/ports.ts'
import { until } from '../../../lab/until.ts'
import { type Link, openLink } from '../../chaos/link.ts'

const LATE_MS = 300
const HOST = '127.0.0.1'

/** Answers `echo TEXT` to every TEXT; what it heard is kept. */
async function echoing() {
  const heard: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket)
    socket.setEncoding('utf8')
    socket.on('error', () => {}) // a link that is cut resets it: what these tests are about
    socket.on('data', (text: string) => {
      heard.push(text)
      socket.write(`echo ${text}`)
    })
    socket.on('end', () => socket.end())
  })
  server.listen(0, HOST)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    heard,
    port,
    close: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

function dial(port: number) {
  const said = { text: '', problem: '', isOver: false }
  const socket = connect({ host: HOST, port })
  socket.setEncoding('utf8')
  socket.on('data', (text: string) => (said.text += text))
  socket.on('error', ({ message }) => (said.problem = message))
  socket.on('close', () => (said.isOver = true))
  return { socket, said }
}

let server: Awaited<ReturnType<typeof echoing>>
let link: Link
beforeEach(async () => {
  server = await echoing()
  link = await openLink({ host: HOST, port: server.port })
})
afterEach(async () => {
  await link.close()
  server.close()
})

describe('a link', () => {
  it('passes everything on, there and back, and the end of a connection too', async () => {
    const { socket, said } = dial(link.port)
    socket.end('one')
    await until('it is over', () => said.isOver)
    expect(said).toMatchObject({ text: 'echo one', problem: '' })
  })

  it('that is cut resets what is open and refuses what is new, until it is healed', async () => {
    const open = dial(link.port)
    open.socket.write('one')
    await until('answered', () => open.said.text === 'echo one')
    link.set({ kind: 'cut' })
    await until('the open one is over', () => open.said.isOver)
    const refused = dial(link.port)
    await until('the new one is over', () => refused.said.isOver)
    expect(refused.said.problem).not.toBe('')
    link.set(null)
    const healed = dial(link.port)
    healed.socket.end('two')
    await until('answered again', () => healed.said.text === 'echo two')
    expect(server.heard).toEqual(['one', 'two'])
  })

  it('that is mute lets words arrive and no answer come back', async () => {
    link.set({ kind: 'mute' })
    const { socket, said } = dial(link.port)
    socket.write('one')
    await until('heard', () => server.heard.length === 1)
    link.set(null)
    socket.write('two')
    await until('answered', () => said.text !== '')
    expect(said.text).toBe('echo two')
    socket.destroy()
  })

  it('that is late delivers also when whoever spoke has gone', async () => {
    link.set({ kind: 'late', ms: LATE_MS })
    const { socket } = dial(link.port)
    await once(socket, 'connect')
    socket.write('one', () => socket.destroy())
    await once(socket, 'close')
    expect(server.heard).toEqual([])
    await until('heard late', () => server.heard.length === 1)
  })

  it('keeps the order of pieces when it is slow', async () => {
    link.set({ kind: 'slow', ms: LATE_MS })
    const { socket, said } = dial(link.port)
    socket.write('one')
    await until('heard', () => server.heard.length === 1)
    link.set(null)
    socket.write('two')
    await until('both answered', () => said.text.includes('two'))
    expect(said.text).toBe('echo oneecho two')
    socket.destroy()
  })
})

describe('a link for datagrams', () => {
  it('passes a question and its answer on the same port, and no answer while it is mute', async () => {
    const port = await freeDnsPort()
    const answering = createSocket('udp4')
    const arrived: string[] = []
    answering.on('message', (text, { port: asker }) => {
      arrived.push(text.toString())
      answering.send(`echo ${text.toString()}`, asker, HOST)
    })
    answering.bind(port, HOST)
    await once(answering, 'listening')
    const both = await openLink({ host: HOST, port }, { udp: true })
    const asker = createSocket('udp4')
    const heard: string[] = []
    asker.on('message', (text) => heard.push(text.toString()))
    try {
      asker.send('one', both.port, HOST)
      await until('answered', () => heard.includes('echo one'))
      both.set({ kind: 'mute' }) // arrives, and is not answered
      asker.send('two', both.port, HOST)
      await until('it has arrived', () => arrived.includes('two'))
      both.set(null)
      asker.send('three', both.port, HOST)
      await until('answered', () => heard.includes('echo three'))
      expect(heard).toEqual(['echo one', 'echo three'])
    } finally {
      asker.close()
      answering.close()
      await both.close()
    }
  })
})
