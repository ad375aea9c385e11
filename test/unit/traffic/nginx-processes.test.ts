// traffic/nginx: who else takes connections beside a worker that has answered, as the system lists processes; and what is remembered of
// them. A folder of the shape of /proc stands for the system: what it says in these cases cannot be had from a real one at will.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { rememberedIn } from '../../../activities/traffic/nginx/hearing.ts'
import { acceptingBeside } from '../../../activities/traffic/nginx/processes.ts'
import { WHOLE } from '../../../activities/traffic/nginx/splits.ts'
import { answersOf, missingOf, shareOf } from '../../../activities/traffic/nginx/workers.ts'

type Process = { parent: number; title: string; children?: number[]; state?: string }

const folders: string[] = []
afterEach(() => folders.splice(0).forEach((path) => rmSync(path, { recursive: true })))

/** `stat` as proc(5) has it: a name in brackets, which may hold brackets and blanks, and the start as field 22. */
function system(processes: Record<number, Process>): string {
  const proc = mkdtempSync(join(tmpdir(), 'cutover-proc-'))
  folders.push(proc)
  for (const [pid, { parent, title, children, state = 'S' }] of Object.entries(processes)) {
    mkdirSync(join(proc, pid, 'task', pid), { recursive: true })
    writeFileSync(
      join(proc, pid, 'stat'),
      `${pid} (ng) inx) ${state} ${parent} ${'0 '.repeat(17)}7${pid} 0\n`,
    )
    writeFileSync(join(proc, pid, 'cmdline'), `${title}\0`)
    if (children !== undefined)
      writeFileSync(join(proc, pid, 'task', pid, 'children'), children.map((each) => `${each} `).join(''))
  }
  return proc
}

const MASTER = 'nginx: master process /usr/sbin/nginx -g daemon off;'
const WORKER = 'nginx: worker process'
const process = (pid: number) => ({ pid: String(pid), id: `${pid}@7${pid}` })

describe('who takes connections beside a worker of NGINX', () => {
  it('is every worker of its master, and nobody who has been sent away or keeps the cache', async () => {
    const proc = system({
      1: { parent: 0, title: '/sbin/init' },
      10: { parent: 1, title: MASTER, children: [11, 12, 13, 14, 15] },
      11: { parent: 10, title: WORKER },
      12: { parent: 10, title: WORKER },
      13: { parent: 10, title: 'nginx: worker process is shutting down' },
      14: { parent: 10, title: 'nginx: cache manager process' },
      15: { parent: 10, title: WORKER, state: 'Z' },
    })
    expect(await acceptingBeside(['11'], proc)).toEqual([process(11), process(12)])
  })

  it('a process that its master has just started is one of them, whatever it is called yet', async () => {
    const proc = system({
      10: { parent: 1, title: MASTER, children: [11, 12] },
      11: { parent: 10, title: WORKER },
      12: { parent: 10, title: MASTER, children: [] },
    })
    expect(await acceptingBeside(['11'], proc)).toEqual([process(11), process(12)])
  })

  it('during an upgrade of the program the workers of both masters are', async () => {
    const proc = system({
      10: { parent: 1, title: MASTER, children: [11, 20] },
      11: { parent: 10, title: WORKER },
      20: { parent: 10, title: MASTER, children: [21, 22] },
      21: { parent: 20, title: WORKER },
      22: { parent: 20, title: WORKER },
    })
    for (const heard of ['11', '22'])
      expect(await acceptingBeside([heard], proc)).toEqual([process(11), process(21), process(22)])
  })

  it('is not known where processes cannot be seen, or where one that was heard is in no list', async () => {
    const container = {
      10: { parent: 1, title: MASTER, children: [11] },
      11: { parent: 10, title: WORKER },
      30: { parent: 1, title: '/usr/bin/postgres' },
      31: { parent: 30, title: WORKER },
      40: { parent: 1, title: MASTER, children: [] },
      41: { parent: 40, title: WORKER },
    }
    const proc = system(container)
    expect(await acceptingBeside(['31'], proc)).toBe(null)
    expect(await acceptingBeside(['11', '30'], proc)).toBe(null)
    expect(await acceptingBeside(['41'], proc), 'a system that lists no children').toBe(null)
  })

  it('is told anew once whoever was heard has ended', async () => {
    const proc = system({
      10: { parent: 1, title: MASTER, children: [11] },
      11: { parent: 10, title: WORKER },
    })
    expect(await acceptingBeside(['9'], proc)).toEqual([])
    expect(await acceptingBeside(['9', '11'], proc)).toEqual([process(11)])
  })
})

describe('what a worker of NGINX has said', () => {
  const names: [string, string] = ['v1', 'v2']
  const quarter = { first: 'v2', rest: 'v1', hundredths: 2_500 }

  it('tells its share alone only once both ends and both sides of its border were asked for', () => {
    const all = answersOf('11', quarter)
    expect(shareOf(all, names)).toEqual(quarter)
    for (const left of all)
      expect(
        shareOf(
          all.filter((each) => each !== left),
          names,
        ),
      ).toBe(null)
    expect(missingOf(all, quarter)).toBe(null)
    expect(missingOf(all.slice(1), quarter)).toBe(0)
    for (const hundredths of [0, 1, WHOLE - 1, WHOLE])
      expect(shareOf(answersOf('11', { ...quarter, hundredths }), names)).toEqual({ ...quarter, hundredths })
  })

  it('is taken over from an earlier look unless it contradicts that', () => {
    const hearing = {
      accepting: [process(11), process(12)],
      unheard: [],
      remembered: [...answersOf('11', quarter), ...answersOf('12', quarter)],
      isWhole: true,
    }
    const another = { worker: '11', index: 0, name: 'v1' }
    expect(rememberedIn(hearing, []).length).toBe(8)
    expect(rememberedIn(hearing, [another])).toEqual(answersOf('12', quarter))
  })
})
