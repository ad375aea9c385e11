// A bench whose workers are processes of their own, started and killed by the test.
import { loadWorkflowBundle } from '../../worker/bundle.ts'
import { type Bench, openBench } from './bench.ts'
import { type WorkerProcess, startWorkerProcess } from './worker-process.ts'

export interface WorkerBench {
  bench: Bench
  start(): Promise<WorkerProcess>
  /** With those that are left. */
  close(): Promise<void>
}

export async function openWorkerBench(): Promise<WorkerBench> {
  const bench = await openBench({ worker: false })
  const bundle = await loadWorkflowBundle()
  const codePath = 'codePath' in bundle ? bundle.codePath : ''
  const workers = new Set<WorkerProcess>()
  return {
    bench,
    async start() {
      const { address, namespace = 'default' } = bench.env
      const worker = await startWorkerProcess({ address, namespace, codePath })
      const own = {
        ...worker,
        async kill() {
          workers.delete(own)
          await worker.kill()
        },
      }
      workers.add(own)
      return own
    },
    async close() {
      for (const worker of workers) await worker.kill()
      await bench.close()
    },
  }
}
