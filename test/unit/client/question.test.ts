// A question at the terminal ends, whatever the person does.
import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { saysYes } from '../../../client/output/question.ts'

async function answered(by: (input: PassThrough, told: AbortController) => void): Promise<boolean> {
  const input = new PassThrough()
  const told = new AbortController()
  const asked = saysYes('Start?', { input, output: new PassThrough(), signal: told.signal })
  by(input, told)
  return await asked
}

describe('a question before a run is started', () => {
  test('takes the whole word for yes, and nothing else', async () => {
    expect(await answered((input) => input.write('yes\n'))).toBe(true)
    expect(await answered((input) => input.write(' YES \n'))).toBe(true)
    for (const word of ['y', '', 'no', 'yes please'])
      expect(await answered((input) => input.write(`${word}\n`))).toBe(false)
  })

  test('ends with no when the input ends: Ctrl-D, a pipe that is closed', async () => {
    expect(await answered((input) => input.end())).toBe(false)
    expect(await answered((input) => input.end('yes'))).toBe(false) // cut off in the middle of a word, for all one knows
  })

  test('ends with no when the command is told to stop', async () => {
    expect(await answered((_input, told) => told.abort())).toBe(false)
  })
})
