/** Table A of docs/coverage.md, its rows on WASI: components that import the interface, on this package as their host. What a guest may do wrong is in `test/wasi`. */
import { createServer } from 'node:https'
import { expect, it } from 'vitest'
import { describeWith, type Program } from '../interop/child.ts'
import { credentials, type Face, holding, listen, request, suspending } from '../wasi/guests.ts'

const table = 'A. The consumer-driven interface'
const suspended = suspending['Node.js 24']
const { key, cert, ca } = credentials

/** A guest makes a connection to a server of Node's, and one to a server that it does not ask for. */
async function meets(program: Program, face: Face): Promise<void> {
  const server = createServer({ key, cert, minVersion: 'TLSv1.3' }, (_, response) => {
    response.end('for a guest')
  })
  const port = await listen(server)
  expect(await request(program, face, { port, ca })).toEqual({ answer: expect.stringMatching(/\r\n\r\nfor a guest$/) })
  expect(await request(program, face, { port, ca, serverName: 'other.example' })).toEqual({
    error: expect.stringMatching(/^certificate-name-mismatch: /),
  })
}

describeWith(holding.missing === undefined ? suspended : holding, table, () => {
  it('wasi:tls@0.2.0-draft (client-handshake, client-connection, future-client-streams)', async () => {
    await meets(suspended, 'p2')
    await meets(holding, 'sync')
  })
})

describeWith(suspended, table, () => {
  it('wasi:tls@0.3.0-draft (connector: send, receive, connect)', async () => {
    await meets(suspended, 'p3')
  })
})
