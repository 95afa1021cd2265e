/** Certificates of servers and clients, with every type of key, believed and not. */
import { describe, expect, it } from 'vitest'
import { alerts } from '../../../src/error.ts'
import { authority, stranger } from '../credentials.ts'
import type { Habits, Peer } from '../peer.ts'
import { connect, nobleProvider, nodeProvider, serve } from '../tassel.ts'
import { connected, exchange, type Role } from './pairs.ts'

export function testAuthentication(peer: Peer, role: Role): void {
  if (role === 'client') testOurClient(peer)
  else testOurServer(peer)
}

const both = [nodeProvider, nobleProvider]

function testOurClient(peer: Peer): void {
  describe('authenticate:', () => {
    it.each(peer.keys)('the server with a key %s', async key => {
      const credential = await (await authority()).issue(key)
      for (const crypto of both) {
        const { info } = await connected(peer, { role: 'client', ours: { crypto }, theirs: { credential } })
        expect(info.signatureScheme).toMatch(schemes[key])
        expect(info.peer).toMatchObject({ verified: true, subjects: expect.arrayContaining(['CN=localhost']) })
      }
    })

    it.each(peer.keys)('ourselves to the server with a key %s', async key => {
      const { issue, certFile } = await authority()
      const identity = (await issue(key)).identity(nodeProvider)
      const pair = await connected(peer, { role: 'client', ours: { identity }, theirs: { ca: certFile } })
      await exchange(pair, 1000)
      expect(pair.info.localIdentity).toBe(identity)
    })

    it('the server by an intermediate authority, and ourselves', async () => {
      const { issueBelow, certFile } = await authority()
      const credential = await issueBelow()
      const identity = credential.identity(nodeProvider)
      const pair = await connected(peer, { role: 'client', ours: { identity }, theirs: { credential, ca: certFile } })
      expect(pair.info.peer?.subjects.slice(0, 2)).toEqual(['CN=localhost', 'CN=Tassel Test Intermediate'])
      await exchange(pair, 1000)
    })

    it('not ourselves where the server wants it, and hear of it', async () => {
      const theirs = await peer.server.start({ ca: (await authority()).certFile })
      const failure = await (await connect(theirs.port, { identity: null })).closed
      expect(failure).toMatchObject({ code: 'peer-alert', alert: 'certificate_required' })
    })

    it('ourselves with a certificate that the server does not believe, and hear of it', async () => {
      const theirs = await peer.server.start({ ca: (await authority()).certFile })
      const identity = (await (await stranger()).issue('P-256')).identity(nodeProvider)
      const failure = await (await connect(theirs.port, { identity })).closed
      expect(failure).toMatchObject(disbelief(peer.server))
    })

    it('no server whose authority is unknown, and tell it', async () => {
      const theirs = await peer.server.start({})
      const trust = (await stranger()).trust(nodeProvider)
      expect(await (await connect(theirs.port, { trust })).closed).toMatchObject({
        code: 'issuer-unknown',
        alert: 'unknown_ca',
        origin: 'local',
      })
      expect(await theirs.alert()).toBe(alerts.unknown_ca)
    })

    it('no server whose certificate is for another name, and tell it', async () => {
      const theirs = await peer.server.start({})
      const failure = await (await connect(theirs.port, { serverName: 'other.example' })).closed
      expect(failure).toMatchObject({ code: 'certificate-name-mismatch', alert: 'bad_certificate' })
      expect(await theirs.alert()).toBe(alerts.bad_certificate)
    })
  })
}

function testOurServer(peer: Peer): void {
  describe('authenticate:', () => {
    it.each(peer.keys)('ourselves to the client with a key %s', async key => {
      const credential = await (await authority()).issue(key)
      for (const crypto of both) {
        const pair = await connected(peer, { role: 'server', ours: { crypto, identity: credential.identity(crypto) } })
        expect(pair.info.signatureScheme).toMatch(schemes[key])
        await exchange(pair, 1000)
      }
    })

    it.each(peer.keys)('the client with a key %s', async key => {
      const { issue, trust } = await authority()
      const { info } = await connected(peer, {
        role: 'server',
        ours: { clientAuth: 'require', trust: trust(nodeProvider), now: Date.now },
        theirs: { credential: await issue(key) },
      })
      expect(info.peer).toMatchObject({ verified: true, subjects: expect.arrayContaining(['CN=localhost']) })
    })

    it('ourselves by an intermediate authority, and the client', async () => {
      const { issueBelow, trust } = await authority()
      const credential = await issueBelow()
      const ours = { identity: credential.identity(nodeProvider), clientAuth: 'require', trust: trust(nodeProvider) } as const
      const pair = await connected(peer, { role: 'server', ours, theirs: { credential } })
      expect(pair.info.peer?.subjects.slice(0, 2)).toEqual(['CN=localhost', 'CN=Tassel Test Intermediate'])
      await exchange(pair, 1000)
    })

    it('no client that does not authenticate where it must, and tell it', async () => {
      const server = await serve({ clientAuth: 'require', trust: (await authority()).trust(nodeProvider) })
      const theirs = await peer.client.start(server.port, {})
      expect(await server.failed).toMatchObject({ code: 'certificate-required', alert: 'certificate_required', origin: 'local' })
      expect(await theirs.alert()).toBe(alerts.certificate_required)
    })

    it('or not a client that is asked and does not', async () => {
      const { trust } = await authority()
      const pair = await connected(peer, { role: 'server', ours: { clientAuth: 'request', trust: trust(nodeProvider) } })
      expect(pair.info.peer).toBeUndefined()
      await exchange(pair, 1000)
    })

    it('no client whose authority is unknown, and tell it', async () => {
      const server = await serve({ clientAuth: 'require', trust: (await authority()).trust(nodeProvider) })
      const theirs = await peer.client.start(server.port, { credential: await (await stranger()).issue('P-256') })
      expect(await server.failed).toMatchObject({ code: 'issuer-unknown', alert: 'unknown_ca', origin: 'local' })
      expect(await theirs.alert()).toBe(alerts.unknown_ca)
    })

    it('ourselves to no client that does not know our authority, and hear of it', async () => {
      const server = await serve()
      await peer.client.start(server.port, { ca: (await stranger()).certFile })
      expect(await server.failed).toMatchObject(disbelief(peer.client))
    })
  })
}

/** What we hear from a peer that does not believe our certificate. */
function disbelief({ disbelieves }: Habits): object {
  return disbelieves === 'by leaving' ? { origin: 'transport' } : { code: 'peer-alert', origin: 'peer', alert: disbelieves }
}

/** The schemes that TLS 1.3 lets each type of key sign with. */
const schemes = {
  'P-256': /^ecdsa_secp256r1_sha256$/,
  'P-384': /^ecdsa_secp384r1_sha384$/,
  'P-521': /^ecdsa_secp521r1_sha512$/,
  Ed25519: /^ed25519$/,
  'RSA-2048': /^rsa_pss_rsae_sha(256|384|512)$/,
  'RSA-PSS-2048': /^rsa_pss_rsae_sha(256|384|512)$/,
  'id-RSASSA-PSS': /^rsa_pss_pss_sha(256|384|512)$/,
}
