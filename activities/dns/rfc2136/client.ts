// Sends one signed UPDATE over TCP and reads the answer. Knows RFC 2136 and 8945; which answer means what is outcome.ts.
import { randomInt } from 'node:crypto'
import { parseAddress } from '../address.ts'
import { overTcp } from '../exchange.ts'
import { type Replacement, encodeUpdate } from './message.ts'
import { type Reply, type TsigKey, readReply, sign } from './tsig.ts'

const ID_VALUES = 0x1_0000

export interface UpdateCall {
  /** `host` or `host:port`, already checked. */
  server: string
  key: TsigKey
  nowSeconds: number
  signal: AbortSignal
}

/** Throws whatever the socket throws, the signal's reason, and RangeError on a broken answer: the outcome is then unknown. */
export async function update(replacement: Replacement, call: UpdateCall): Promise<Reply> {
  const id = randomInt(ID_VALUES)
  const address = parseAddress(call.server)
  if (address === null) throw new RangeError(`no server address: ${call.server}`)
  const { message, mac } = sign(encodeUpdate(id, replacement), call.key, call.nowSeconds)
  const reply = readReply(await overTcp(address, message, call.signal), call.key, mac)
  if (reply.id !== id) throw new RangeError('the answer belongs to another request')
  return reply
}
