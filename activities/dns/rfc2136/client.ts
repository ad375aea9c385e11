// Sends one signed UPDATE over TCP and reads the answer. Knows RFC 2136 and 8945; which answer means what is outcome.ts.
import { randomInt } from 'node:crypto'
import { parseAddress } from '../address.ts'
import type { Signing } from '../ask.ts'
import { overTcp } from '../exchange.ts'
import { type Reply, readReply, sign } from '../tsig.ts'
import { type Replacement, type Trial, encodeTrial, encodeUpdate } from './message.ts'

const ID_VALUES = 0x1_0000

export interface UpdateCall extends Signing {
  /** `host` or `host:port`, already checked. */
  server: string
  signal: AbortSignal
}

/** Throws whatever the socket throws, the signal's reason, and RangeError on a broken answer: the outcome is then unknown. */
export async function update(replacement: Replacement, call: UpdateCall): Promise<Reply> {
  return await send((id) => encodeUpdate(id, replacement), call)
}

/** Asks whether the key may change the record sets and whether they are as seen; changes nothing. Throws as `update`. */
export async function tryUpdate(trial: Trial, call: UpdateCall): Promise<Reply> {
  return await send((id) => encodeTrial(id, trial), call)
}

async function send(encode: (id: number) => Buffer, call: UpdateCall): Promise<Reply> {
  const id = randomInt(ID_VALUES)
  const address = parseAddress(call.server)
  if (address === null) throw new RangeError(`no server address: ${call.server}`)
  const { message, mac } = sign(encode(id), call.key, call.nowSeconds)
  const reply = readReply(await overTcp(address, message, call.signal), call.key, mac)
  if (reply.id !== id) throw new RangeError('the answer belongs to another request')
  return reply
}
