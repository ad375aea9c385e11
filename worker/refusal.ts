// Why a worker does not start, for the person who started it: no stack, what to do in the message.

export class Refusal extends Error {
  override readonly name = 'Refusal'
  /** 2 = the configuration is wrong; 1 = the world is not ready. */
  readonly exitCode: 1 | 2

  constructor(exitCode: 1 | 2, message: string, cause?: unknown) {
    super(message, { cause })
    this.exitCode = exitCode
  }
}
