/** Sessions, early data, and what a server may ask or send later, through streams. */
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { createNodeProvider, sessionFromBytes, TicketKeyRing, TlsError, type TlsStream } from '../../src/node/index.ts'
import type { ServerOptions, Session, VerifiedPeer } from '../../src/types.ts'
import { acceptWithoutVerification } from '../../src/x509/index.ts'
import { credentials } from './credentials.ts'
import { outcome, pattern, received, tlsPair } from './pair.ts'

const { random } = createNodeProvider()

/** A first connection to such a server; the session that it leaves, as bytes. */
async function sessionOf(server: Partial<ServerOptions>): Promise<Uint8Array> {
  const pair = await tlsPair({ server })
  pair.client.resume()
  const [session]: Session[] = await once(pair.client, 'session')
  await closed(pair)
  if (!session) throw new Error('there was no session')
  return session.toBytes()
}

async function closed({ client, server }: { client: TlsStream; server: TlsStream }): Promise<void> {
  client.resume().end()
  server.resume().end()
  await Promise.all([client, server].map(stream => stream.closed || once(stream, 'close')))
}

describe('Early data through streams', () => {
  const servers = (maxEarlyData: number) => ({ tickets: new TicketKeyRing({ random }), maxEarlyData })

  it('is read first at the server, and counted', async () => {
    const options = servers(2000)
    const session = sessionFromBytes(await sessionOf(options))
    const { client, server } = await tlsPair({ server: options, client: { session, earlyData: true } })
    const result = once(client, 'earlyDataResult')
    expect(client.sendEarly(pattern(500))).toBe(500)
    client.end('and the rest')
    server.end()
    const [all] = await Promise.all([received(server), received(client)])
    expect(await result).toMatchObject([true, { length: 0 }])
    expect(all.equals(Buffer.concat([pattern(500), Buffer.from('and the rest')]))).toBe(true)
    expect([server.earlyBytes, server.bytesRead, client.bytesWritten]).toEqual([500, 512, 512])
    expect(server.info).toMatchObject({ resumed: true })
  })

  it('comes back where it is not taken, and counts as not sent', async () => {
    const options = servers(2000)
    const session = sessionFromBytes(await sessionOf(options))
    const { client, server } = await tlsPair({ server: { ...options, maxEarlyData: 0 }, client: { session, earlyData: true } })
    const result = once(client, 'earlyDataResult')
    client.sendEarly(pattern(500))
    expect(client.bytesWritten).toBe(500)
    const [accepted, unsent] = await result
    expect([accepted, pattern(500).equals(unsent)]).toEqual([false, true])
    expect(client.bytesWritten).toBe(0)
    client.end('once connected')
    server.end()
    expect(String((await Promise.all([received(server), received(client)]))[0])).toBe('once connected')
    expect(server.earlyBytes).toBe(0)
  })

  it('has an exporter of its own on both sides', async () => {
    const options = servers(2000)
    const session = sessionFromBytes(await sessionOf(options))
    const pair = await tlsPair({ server: options, client: { session, earlyData: true } })
    pair.client.sendEarly(pattern(5))
    await Promise.all([pair.client.connected(), pair.server.connected()])
    const early = (stream: TlsStream) => stream.exportKeyingMaterial('EXPORTER-test', undefined, 32, { early: true })
    expect(early(pair.client)).toEqual(early(pair.server))
    expect(early(pair.client)).not.toEqual(pair.client.exportKeyingMaterial('EXPORTER-test', undefined, 32))
    await closed(pair)
  })

  it('is nothing without a session', async () => {
    const pair = await tlsPair()
    expect(pair.client.sendEarly(pattern(5))).toBe(0)
    await Promise.all([pair.client.connected(), pair.server.connected()])
    await closed(pair)
  })
})

describe('Bytes of a session', () => {
  it('that are cut, changed in length or of another format are refused', async () => {
    const bytes = await sessionOf({ tickets: new TicketKeyRing({ random }) })
    expect(sessionFromBytes(bytes).toBytes()).toEqual(bytes)
    for (const wrong of [new Uint8Array(0), pattern(40), bytes.subarray(0, 60), Buffer.concat([bytes, pattern(1)])]) {
      expect(() => sessionFromBytes(wrong)).toThrow(TypeError)
    }
  })
})

describe('A server stream', () => {
  it('sends tickets when it is told to', async () => {
    const pair = await tlsPair({ server: { tickets: new TicketKeyRing({ random }), ticketCount: 0 } })
    await Promise.all([pair.client.connected(), pair.server.connected()])
    const session = once(pair.client, 'session')
    pair.client.resume()
    pair.server.issueTicket()
    expect(await session).toMatchObject([{ serverName: 'localhost' }])
    await closed(pair)
  })

  it('asks for a certificate after the handshake', async () => {
    const { identity, trust } = await credentials()
    const accepting = { verify: (chain: readonly Uint8Array[]) => acceptWithoutVerification(chain) }
    const pair = await tlsPair({ client: { postHandshakeAuth: true, identity, trust }, server: { trust: accepting } })
    await Promise.all([pair.client.connected(), pair.server.connected()])
    // Listened for first: over a pair in memory the answer may come within the call.
    const answer = once(pair.server, 'peerAuthenticated')
    expect(() => pair.server.requestClientCertificate()).not.toThrow()
    pair.client.resume()
    pair.server.resume()
    const [peer]: (VerifiedPeer | undefined)[] = await answer
    expect(peer?.chain).toEqual(identity.chain)
    await closed(pair)
  })

  it('and a client stream have the same channel bindings', async () => {
    const pair = await tlsPair()
    await Promise.all([pair.client.connected(), pair.server.connected()])
    for (const type of ['tls-exporter', 'tls-server-end-point'] as const) {
      expect(pair.client.channelBinding(type)).toEqual(pair.server.channelBinding(type))
    }
    expect(() => pair.client.requestClientCertificate()).toThrow(TypeError)
    expect(() => pair.client.issueTicket()).toThrow(TypeError)
    await closed(pair)
  })
})

describe('A handler of questions', () => {
  it('that throws a TlsError ends the stream with it, and the peer gets its alert', async () => {
    const { client, server } = await tlsPair({
      asks: ['client'],
      client: {
        onQuestion: () => {
          throw new TlsError('issuer-unknown', 'nobody knows who this is')
        },
      },
    })
    const [ours, theirs] = await Promise.all([outcome(client), outcome(server)])
    expect(ours).toMatchObject({ code: 'issuer-unknown', message: 'nobody knows who this is' })
    expect(theirs).toMatchObject({ code: 'peer-alert', alert: 'unknown_ca' })
  })
})
