// A question to the person at the terminal, asked on standard error so that standard output stays what it is. An input
// that ends (Ctrl-D, a closed pipe) is a no: nobody said yes.
import { createInterface } from 'node:readline/promises'

export type Asking = { input: NodeJS.ReadableStream; output: NodeJS.WritableStream; signal: AbortSignal }

/** True only for the whole word; anything else, and no answer, is false. */
export async function saysYes(question: string, { input, output, signal }: Asking): Promise<boolean> {
  const prompt = createInterface({ input, output })
  const closed = new Promise<null>((resolve) => prompt.once('close', () => resolve(null))) // else the question never settles
  try {
    const answer = await Promise.race([prompt.question(`${question} Type yes: `, { signal }), closed])
    if (answer === null) output.write('\n')
    return answer?.trim().toLowerCase() === 'yes'
  } catch (error) {
    if (signal.aborted) return false
    throw error
  } finally {
    prompt.close()
  }
}
