// Starts one server, tells its parent where it is, and waits to be killed.
import { readlinkSync } from 'node:fs'
import { startBind } from '../../lab/servers/bind.ts'

const { server } = await startBind({ apiTtlSeconds: 60, apiAddress: '127.0.0.1' })
process.send?.({ pid: server.pid, folder: readlinkSync(`/proc/${server.pid}/cwd`) })
