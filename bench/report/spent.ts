// What servers have spent in processor time, by the kernel's own record: their processes and all that these have started.
import { readFileSync, readdirSync } from 'node:fs'

const TICK_MS = 10 // of Linux, on every machine of today (proc(5), sysconf(_SC_CLK_TCK))
/** Counted after the command name (proc(5)): parent, user and system time, and those of children that have ended. */
const FIELDS = { parent: 1, user: 11, system: 12, endedUser: 13, endedSystem: 14 }

/** Milliseconds since each of them was started; null where the kernel keeps no such record. */
export function spentMs(pids: number[]): number | null {
  if (process.platform !== 'linux') return null
  const all = new Map(readdirSync('/proc').flatMap((name) => entryOf(Number(name))))
  const isOurs = (pid: number): boolean => {
    const parent = all.get(pid)?.parent ?? 0
    return pids.includes(pid) || (parent > 0 && isOurs(parent))
  }
  return [...all].reduce((sum, [pid, { ms }]) => (isOurs(pid) ? sum + ms : sum), 0)
}

function entryOf(pid: number): [number, { parent: number; ms: number }][] {
  if (!Number.isInteger(pid)) return []
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number)
    const of = (name: keyof typeof FIELDS) => fields[FIELDS[name]] ?? 0
    const ticks = of('user') + of('system') + of('endedUser') + of('endedSystem')
    return [[pid, { parent: of('parent'), ms: ticks * TICK_MS }]]
  } catch {
    return [] // it has ended meanwhile; its parent keeps what it spent
  }
}
