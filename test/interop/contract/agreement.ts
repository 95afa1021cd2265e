/** Suites, groups, HelloRetryRequest, ALPN, SNI and versions. */
import { describe, expect, it } from 'vitest'
import type { CryptoProvider } from '../../../src/crypto/provider.ts'
import { alerts } from '../../../src/error.ts'
import { classicGroups, hybrid, type Peer, suites } from '../peer.ts'
import { connect, nobleProvider, nodeProvider, serve } from '../tassel.ts'
import { connected, exchange, type Role } from './pairs.ts'

export function testAgreement(peer: Peer, role: Role): void {
  describe('agree on', () => {
    for (const { suite, group, crypto } of combinations(peer)) {
      it(`${suite} and ${group} with the provider ${crypto.name}`, async () => {
        const pair = await connected(peer, {
          role,
          ours: { crypto, cipherSuites: [suite], groups: [group] },
          theirs: { suites: [suite], groups: [group] },
        })
        expect(pair.info).toMatchObject({ protocolVersion: 'TLSv1.3', cipherSuite: suite, group, retried: false })
        const told = await pair.theirs.agreed()
        expect({ suite, group, ...told }).toMatchObject({ suite, group })
        await exchange(pair, 1000)
      })
    }

    for (const { first, second } of retries(peer)) {
      it(`${second} after a HelloRetryRequest, where the first key share was for ${first}`, async () => {
        const pair = await connected(peer, {
          role,
          ours: role === 'client' ? { groups: [first, second], keyShares: [first] } : { groups: [second] },
          theirs: { groups: role === 'client' ? [second] : [first, second] },
        })
        expect(pair.info).toMatchObject({ group: second, retried: true })
        await exchange(pair, 1000)
      })
    }

    it('an application protocol, and on the name of the server', async () => {
      const { info, theirs } = await connected(peer, {
        role,
        ours: { alpn: ['chat', 'http/1.1'] },
        theirs: { alpn: ['http/1.1'], verbose: true },
      })
      expect(info).toMatchObject({ alpn: 'http/1.1', serverName: 'localhost' })
      const seen = role === 'client' ? { alpn: 'http/1.1', serverName: 'localhost' } : { alpn: 'http/1.1' }
      expect(await theirs.agreed()).toMatchObject(seen)
    })

    it('no application protocol where the peer has none', async () => {
      const { info } = await connected(peer, { role, ours: { alpn: ['chat'] } })
      expect(info.alpn).toBeUndefined()
    })
  })

  if (role === 'client') testRefusedClient(peer)
  else testRefusedPeer(peer)
}

function testRefusedClient(peer: Peer): void {
  describe('find nothing in common:', () => {
    it('the server has TLS 1.2 only', async () => {
      const theirs = await peer.server.start({ version: 'TLSv1.2' })
      const failure = await (await connect(theirs.port)).closed
      expect(failure).toMatchObject({ code: 'peer-alert', alert: peer.server.refusesVersion, origin: 'peer' })
    })

    it('the application protocols', async () => {
      const theirs = await peer.server.start({ alpn: ['http/1.1'] })
      const failure = await (await connect(theirs.port, { alpn: ['chat', 'h2'] })).closed
      expect(failure).toMatchObject({ code: 'peer-alert', alert: 'no_application_protocol' })
    })

    it('the groups', async () => {
      const theirs = await peer.server.start({ groups: ['secp384r1'] })
      const failure = await (await connect(theirs.port, { groups: ['x25519'] })).closed
      expect(failure).toMatchObject({ code: 'peer-alert', alert: 'handshake_failure' })
    })
  })
}

function testRefusedPeer(peer: Peer): void {
  describe('find nothing in common:', () => {
    it('the client has TLS 1.2 only', async () => {
      const server = await serve()
      const theirs = await peer.client.start(server.port, { version: 'TLSv1.2' })
      expect(await server.failed).toMatchObject({ code: 'unsupported-version', alert: 'protocol_version', origin: 'local' })
      expect(await theirs.alert()).toBe(alerts.protocol_version)
    })

    it('the application protocols', async () => {
      const server = await serve({ alpn: ['chat'] })
      const theirs = await peer.client.start(server.port, { alpn: ['http/1.1', 'h2'] })
      expect(await server.failed).toMatchObject({ code: 'no-common-application-protocol', alert: 'no_application_protocol' })
      expect(await theirs.alert()).toBe(alerts.no_application_protocol)
    })

    it('the groups', async () => {
      const server = await serve({ groups: ['secp384r1'] })
      const theirs = await peer.client.start(server.port, { groups: ['x25519'] })
      expect(await server.failed).toMatchObject({ code: 'no-common-group', alert: 'handshake_failure' })
      expect(await theirs.alert()).toBe(alerts.handshake_failure)
    })
  })
}

interface Combination {
  suite: string
  group: string
  crypto: CryptoProvider
}

/** Every suite with every group on the one provider; on the other each suite and each group once. */
function combinations({ groups }: Peer): Combination[] {
  const all = suites.flatMap(suite => groups.map(group => ({ suite, group, crypto: nodeProvider })))
  const some = groups.map((group, i) => ({ suite: suites[i % suites.length] ?? suites[0], group, crypto: nobleProvider }))
  return [...all, ...some]
}

/** Pairs of groups, so that each is the second once. */
function retries({ groups }: Peer): { first: string; second: string }[] {
  const ring = groups.map((second, i) => ({ first: groups.at(i - 1) ?? second, second }))
  // A client sends X25519 beside its hybrid, so that X25519 needs no retry: another group comes first.
  return ring.map(({ first, second }) => ({ first: first === hybrid && second === classicGroups[0] ? classicGroups[1] : first, second }))
}
