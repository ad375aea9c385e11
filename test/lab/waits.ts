// Says its process id and waits to be told to end, as a lab does.
process.stdout.write(`${process.pid}\n`)
const staying = setInterval(() => {}, 60_000)
process.once('SIGTERM', () => clearInterval(staying))
