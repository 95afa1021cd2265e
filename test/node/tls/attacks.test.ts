/** Peers, stores and callbacks that mean no good, or do not know better: who is believed, what escapes, what is left behind. */
import { once } from 'node:events'
import { duplexPair } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { decodePem, encodePem } from '../../../src/x509/index.ts'
import { ca, clientError, clientFiles, dial, failure, meet, ours, serve } from './face.ts'

const pair = { client: ours, server: ours }

describe('Nobody is believed who should not be', () => {
  it.each([
    ['an error without a code', () => new Error('not the pinned key'), 'not the pinned key'],
    ['an error with a code', () => Object.assign(new Error('no'), { code: 'E_PIN' }), 'E_PIN'],
    ['what is no error', () => 'not the pinned key' as never, 'not the pinned key'],
  ])('A server that checkServerIdentity finds fault with, by %s, is not authorized', async (_by, checkServerIdentity, told) => {
    const { client } = await meet(pair, { client: { rejectUnauthorized: false, checkServerIdentity } })
    expect([client.authorized, client.authorizationError]).toEqual([false, told])
  })

  it('Nor is it once its session is resumed', async () => {
    const { port, client } = await meet(pair, { client: { rejectUnauthorized: false, checkServerIdentity: () => new Error('other key') } })
    const [session] = await once(client, 'session')
    const again = dial(ours, port, { session, rejectUnauthorized: false, checkServerIdentity: () => new Error('other key') })
    await once(again, 'secureConnect')
    expect([again.isSessionReused(), again.authorized, String(again.authorizationError)]).toEqual([true, false, 'other key'])
  })

  it('A session that is kept outside is bound to the sessionIdContext too', async () => {
    const store = new Map<string, Buffer>()
    const resumedUnder = async (sessionIdContext: string, session?: Buffer) => {
      const { server, port } = await serve(ours, { sessionIdContext })
      server.on('newSession', (id, data, done) => {
        store.set(id.toString('hex'), data)
        done()
      })
      server.on('resumeSession', (id, done) => done(null, store.get(id.toString('hex')) ?? null))
      const client = dial(ours, port, session && { session })
      const [next] = await once(client, 'session')
      return { next, reused: client.isSessionReused() }
    }
    const first = await resumedUnder('staff')
    const second = await resumedUnder('staff', first.next)
    const third = await resumedUnder('guests', second.next)
    expect([first.reused, second.reused, third.reused]).toEqual([false, true, false])
  })
})

describe('Nothing that a peer or a callback does is an exception of the process', () => {
  it('A client whose certificate Node.js can not show is refused, believed or not', async () => {
    const { server, port } = await serve(ours, { requestCert: true, rejectUnauthorized: false, ca })
    const refused = clientError(server)
    dial(ours, port, { ...clientFiles, cert: unshowable(clientFiles.cert) })
    expect((await refused).code).toBe('ERR_SSL_CERTIFICATE_MALFORMED')
  })

  it('A checkServerIdentity that throws is the end of its connection, resumed or not', async () => {
    const { port, client } = await meet(pair, { client: { servername: 'another.example', rejectUnauthorized: false } })
    const [session] = await once(client, 'session')
    const checkServerIdentity = () => {
      throw new Error('can not tell')
    }
    for (const more of [{}, { session }]) {
      const socket = dial(ours, port, { servername: 'another.example', checkServerIdentity, ...more })
      expect((await failure(socket)).message).toBe('can not tell')
    }
  })

  it('A transport that gives text is an error of the socket', async () => {
    const [far, near] = duplexPair()
    const socket = ours.connect({ socket: near.setEncoding('latin1'), ca })
    const failed = failure(socket)
    far.write('HTTP/1.1 200 OK\r\n\r\n')
    expect((await failed).code).toBe('ERR_INVALID_ARG_TYPE')
  })
})

describe('Nothing is left behind', () => {
  it('A listener of keylog may destroy the socket: at a server', async () => {
    const { server, port } = await serve(ours)
    server.on('keylog', (_line, socket: TLSSocket) => void socket.destroy())
    const failed = clientError(server)
    const [transport] = await Promise.all([once(server, 'connection').then(([socket]) => socket), failure(dial(ours, port)), failed])
    expect(transport.destroyed || (await once(transport, 'close'))).toBeTruthy()
    expect((await failed).code).toBe('ECONNRESET')
  })

  it('and at a client', async () => {
    const { server, port } = await serve(ours)
    const client = dial(ours, port).once('keylog', () => client.destroy())
    await Promise.all([once(client, 'close'), clientError(server)])
    expect(client.errored).toBeNull()
  })
})

/** The certificate with a common name that is no text, an OCTET STRING: OpenSSL reads no further. Its signature does not fit any more. */
function unshowable(pem: string): string {
  const der = Buffer.from(decodePem(pem)[0]?.bytes ?? [])
  const commonName = Buffer.from('0603550403', 'hex')
  der[der.lastIndexOf(commonName) + commonName.length] = 0x04
  return encodePem('CERTIFICATE', der)
}
