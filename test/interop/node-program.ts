/**
 * A program for a Node that runs TypeScript as it is: `node-program.ts server|client JSON`, the options of `PeerOptions` and a client's
 * `port`. Standard input and output are the data, standard error has a JSON object a line: what was agreed, or what went wrong.
 */
import { closeSync } from 'node:fs'
import type { TLSSocket } from 'node:tls'
import { agreedOn, alertIn, clientFor, type SocketOptions, serverFor } from './node-sockets.ts'

const [role, json] = process.argv.slice(2)
const options = JSON.parse(json ?? '{}') as SocketOptions & { port?: number }
if (role === 'server') {
  const server = serverFor(options, join, fail).listen(0, '127.0.0.1')
  server.once('connection', () => server.close())
} else {
  const socket = clientFor(options.port ?? 0, options)
  socket.on('error', fail).once('secureConnect', () => join(socket))
}

function join(socket: TLSSocket): void {
  tell({ agreed: agreedOn(socket) })
  socket.on('error', fail)
  process.stdin.pipe(socket).pipe(process.stdout)
  // Node never ends its standard output by itself, and whoever reads it wants to know.
  socket.once('end', () => closeSync(process.stdout.fd))
  // A connection that is over needs no more input.
  socket.once('close', () => process.stdin.destroy())
}

function fail(error: Error): void {
  tell({ error: error.message, alert: alertIn(error) })
  process.exitCode = 1
  process.stdin.destroy()
}

function tell(event: object): void {
  process.stderr.write(`${JSON.stringify(event)}\n`)
}
