// A question to the person at the terminal, asked on standard error so that standard output stays what it is. An input
// that ends (Ctrl-D, a closed pipe) is a no: nobody said yes.
import { createInterface } from 'node:readline/promises'

export type Asking = { input: NodeJS.ReadableStream; output: NodeJS.WritableStream; signal: AbortSignal }

/** True only for the whole word; anything else, and no answer, is false. */
export async function saysYes(question: string, asking: Asking): Promise<boolean> {
  return (await answerTo(`${question} Type yes: `, asking))?.trim().toLowerCase() === 'yes'
}

/** What was typed; null = the input ended, or the command was told to stop. */
export async function answerTo(question: string, { input, output, signal }: Asking): Promise<string | null> {
  const prompt = createInterface({ input, output })
  const closed = new Promise<null>((resolve) => prompt.once('close', () => resolve(null))) // else the question never settles
  prompt.on('SIGINT', () => process.kill(process.pid, 'SIGINT')) // the terminal is raw: its Ctrl-C is no signal by itself
  try {
    const answer = await Promise.race([prompt.question(question, { signal }), closed])
    if (answer === null) output.write('\n')
    return answer
  } catch (error) {
    if (signal.aborted) return null
    throw error
  } finally {
    prompt.close()
  }
}
