/** What a session, a PSK or a late answer may not carry from one place to another. */
import { beforeAll, describe, expect, it } from 'vitest'
import type { CryptoProvider } from '../../src/crypto/provider.ts'
import { TicketKeyRing } from '../../src/engine/tickets.ts'
import { createClient, createServer } from '../../src/engine.ts'
import type { Question, ServerConnection, ServerOptions, Session } from '../../src/types.ts'
import { acceptWithoutVerification } from '../../src/x509/verdict.ts'
import { pairOf, type Setup } from '../api/setup.ts'
import { type Credentials, credentials } from '../credentials.ts'
import { Pair } from '../pair.ts'
import { providers } from '../providers.ts'

let minted: Credentials
let others: Credentials
beforeAll(async () => {
  minted = await credentials('P-256')
  others = await credentials('P-256')
})

const acceptAll = (question: Question) => {
  if (question.type === 'peer-certificate') question.answer(acceptWithoutVerification(question.chain, question.certificateType))
}

const requestCertificate = ({ server: { connection } }: Pair) => {
  if ('requestClientCertificate' in connection) (connection as ServerConnection).requestClientCertificate()
}

describe.each(providers())('on the provider $name', provider => {
  const ring = () => new TicketKeyRing({ random: provider.random })
  const sessionOf = (setup: Setup): Session => {
    const pair = pairOf(provider, minted, setup).run()
    for (const event of pair.client.events) if (event.type === 'session') return event.session
    throw new Error(`no session: ${pair.client.error?.message ?? pair.server.error?.message}`)
  }

  describe("a server that judges clients' certificates judges those of sessions too", () => {
    const asked = (session: Session, server: Partial<ServerOptions>): Pair =>
      pairOf(provider, minted, { server, client: { session, identity: minted.identity(provider) } }).run()
    const lax = (tickets: ServerOptions['tickets']): Setup => ({
      server: { ...(tickets && { tickets }), clientAuth: 'require' },
      client: { identity: others.identity(provider) },
      decideServer: acceptAll,
    })

    it('a client that another server took without verification proves itself anew', () => {
      const tickets = ring()
      const pair = asked(sessionOf(lax(tickets)), { tickets, clientAuth: 'require', trust: minted.trust(provider) })
      expect(pair.server.connection.info).toMatchObject({ resumed: false, peer: { verified: true } })
    })

    it('so it does where the application looks the sessions up', () => {
      const before = pairOf(provider, minted, lax('ask')).run()
      const [session, kept] = [before.client, before.server].map(side => side.events.find(event => event.type === 'session')?.session)
      if (!session || !kept) throw new Error('no session')
      const pair = pairOf(provider, minted, {
        server: { tickets: 'ask', clientAuth: 'require', trust: minted.trust(provider) },
        client: { session, identity: minted.identity(provider) },
        decideServer: question => question.type === 'session-lookup' && question.answer(kept),
      }).run()
      expect(pair.server.connection.info).toMatchObject({ resumed: false, peer: { verified: true } })
    })

    it('so it does once its certificate has expired', () => {
      const tickets = ring()
      const trust = minted.trust(provider)
      const server: Partial<ServerOptions> = { tickets, clientAuth: 'require', trust }
      const session = sessionOf({ server, client: { identity: minted.identity(provider) } })
      expect(asked(session, server).server.connection.info?.resumed).toBe(true)
      const again = sessionOf({ server, client: { identity: minted.identity(provider) } })
      const expired = {
        verify: () => {
          throw new Error('the certificate has expired')
        },
      }
      expect(asked(again, { ...server, trust: expired }).server.error).toMatchObject({ code: 'peer-refused' })
    })
  })

  it('a resumption asks for no certificate, so its type does not matter', () => {
    const tickets = ring()
    const session = sessionOf({ server: { tickets } })
    const server: Partial<ServerOptions> = { tickets, clientAuth: 'request', clientCertificateTypes: ['RawPublicKey'] }
    const pair = pairOf(provider, minted, { server, client: { session } }).run()
    expect(pair.server.error).toBeUndefined()
    expect(pair.server.connection.info?.resumed).toBe(true)
  })

  it('after a resumption both sides mean the same type of certificate', () => {
    const tickets = ring()
    const session = sessionOf({ server: { tickets } })
    const pair = pairOf(provider, minted, {
      server: { tickets, clientAuth: 'request', clientCertificateTypes: ['RawPublicKey', 'X509'], trust: minted.trust(provider) },
      client: { session, postHandshakeAuth: true, identity: minted.identity(provider), clientCertificateTypes: ['RawPublicKey', 'X509'] },
    }).run()
    requestCertificate(pair)
    pair.run()
    expect(pair.client.error ?? pair.server.error).toBeUndefined()
    expect(pair.server.connection.info?.peer).toMatchObject({ verified: true, certificateType: 'X509' })
  })

  it('nothing follows close_notify, not even the answer to a request that came before', () => {
    let open: Question | undefined
    const client = createClient({
      crypto: provider,
      serverName: 'localhost',
      trust: minted.trust(provider),
      now: () => minted.now,
      postHandshakeAuth: true,
    })
    const server = createServer({ crypto: provider, identity: minted.identity(provider) })
    const pair = new Pair(client, server, {
      decideClient: question => {
        open = question
      },
    }).run()
    requestCertificate(pair)
    pair.run()
    expect(open?.type).toBe('certificate-request')
    pair.client.connection.end()
    pair.client.connection.takeOutput()
    if (open?.type === 'certificate-request') open.answer(minted.identity(provider))
    pair.client.drain()
    expect(pair.client.connection.takeOutput()).toEqual([])
    expect(pair.client.error).toBeUndefined()
  })

  it('a callback that throws in a request for a certificate ends the connection, and nothing reaches the caller', () => {
    let armed = false
    const trace = () => {
      if (armed) throw new RangeError('boom')
    }
    const pair = pairOf(provider, minted, { server: { trace }, client: { postHandshakeAuth: true } }).run()
    armed = true
    requestCertificate(pair)
    pair.server.drain()
    expect(pair.server.error).toMatchObject({ code: 'internal', alert: 'internal_error' })
  })
})

describe('early data', () => {
  it('is remembered for as long as it is fresh: a wider window needs a guard of its own', () => {
    const crypto: CryptoProvider | undefined = providers()[0]
    if (!crypto) throw new Error('no provider')
    const server =
      (earlyDataWindow: number, more: Partial<ServerOptions> = {}) =>
      () =>
        createServer({
          crypto,
          identity: minted.identity(crypto),
          now: () => 0,
          tickets: new TicketKeyRing({ random: crypto.random }),
          maxEarlyData: 1,
          earlyDataWindow,
          ...more,
        })
    expect(server(10_000)).not.toThrow()
    expect(server(10_001)).toThrow(/earlyDataGuard/)
    expect(server(10_001, { earlyDataGuard: 'ask' })).not.toThrow()
    expect(server(-1)).toThrow(/earlyDataWindow/)
    expect(server(Number.NaN)).toThrow(/earlyDataWindow/)
  })
})
