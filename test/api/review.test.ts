/** What faces asked of the engine: a verdict that is reviewed, a handshake that tells how far it is, and schemes for clients alone. */
import { beforeAll, describe, expect, it } from 'vitest'
import type { PeerCertificateQuestion, Question } from '../../src/types.ts'
import { acceptWithoutVerification } from '../../src/x509/index.ts'
import { type Credentials, credentials } from '../credentials.ts'
import { providers } from '../providers.ts'
import { pairOf } from './setup.ts'

let minted: Credentials
let others: Credentials
beforeAll(async () => {
  minted = await credentials('P-256')
  others = await credentials('P-256')
})

const keeper = () => {
  const asked: PeerCertificateQuestion[] = []
  return { asked, keep: (question: Question) => void (question.type === 'peer-certificate' && asked.push(question)) }
}

describe.each(providers())('on the provider $name', provider => {
  it('reviewPeer asks with the verdict of the trust store, and waits', () => {
    const { asked, keep } = keeper()
    const pair = pairOf(provider, minted, { client: { reviewPeer: true }, decideClient: keep }).run()
    const [question] = asked
    expect([question?.verdict?.verified, question?.verdict?.chain]).toEqual([true, question?.chain])
    expect([pair.client.connected, pair.client.connection.waitingFor]).toEqual([false, 'answer'])
    if (question?.verdict) question.answer(question.verdict)
    pair.run()
    expect([pair.client.connected, pair.server.connected, asked.length]).toEqual([true, true, 1])
    expect(pair.client.connection.info?.peer).toBe(question?.verdict)
  })

  it('reviewPeer does not ask about whom the trust store refuses', () => {
    const { asked, keep } = keeper()
    const pair = pairOf(provider, minted, { client: { reviewPeer: true, trust: others.trust(provider) }, decideClient: keep }).run()
    // The other authority has the same name.
    expect([asked.length, pair.client.error?.code, pair.server.error?.alert]).toEqual([0, 'certificate-signature', 'bad_certificate'])
  })

  it('a reviewed verdict may be refused, and none for another chain is taken', () => {
    const { asked, keep } = keeper()
    const pair = pairOf(provider, minted, { client: { reviewPeer: true }, decideClient: keep }).run()
    const stranger = acceptWithoutVerification(others.identity(provider).chain)
    expect(() => asked[0]?.answer(stranger)).toThrow(TypeError)
    asked[0]?.refuse('bad_certificate')
    pair.run()
    expect([pair.client.error?.code, pair.server.error?.alert]).toEqual(['refused', 'bad_certificate'])
  })

  it('reviewPeer asks a server about its client too', () => {
    const { asked, keep } = keeper()
    const server = { reviewPeer: true, trust: minted.trust(provider), clientAuth: 'require' as const }
    const pair = pairOf(provider, minted, { client: { identity: minted.identity(provider) }, server, decideServer: keep }).run()
    expect([pair.server.connected, asked[0]?.verdict?.verified]).toEqual([false, true])
    if (asked[0]?.verdict) asked[0].answer(asked[0].verdict)
    expect(pair.run().server.connected).toBe(true)
  })

  it('progress fills as the sides agree, and is what info says in the end', () => {
    const { asked, keep } = keeper()
    const pair = pairOf(provider, minted, { client: { reviewPeer: true, alpn: ['x'] }, server: { alpn: ['x'] }, decideClient: keep })
    const [client, server] = [pair.client.connection, pair.server.connection]
    const nothing = { cipherSuite: undefined, alpn: undefined, serverName: undefined }
    expect([client.progress, server.progress]).toEqual([nothing, nothing])
    pair.run()
    const suite = provider.cipherSuites[0]?.name
    expect(client.progress).toEqual({ cipherSuite: suite, alpn: 'x', serverName: undefined })
    expect(server.progress).toEqual({ cipherSuite: suite, alpn: 'x', serverName: 'localhost' })
    if (asked[0]?.verdict) asked[0].answer(asked[0].verdict)
    pair.run()
    expect([client.progress, server.progress]).toEqual([client.info, server.info])
  })

  it('clientSignatureSchemes are asked of the client, and say nothing of the server', () => {
    const server = { clientAuth: 'require' as const, trust: minted.trust(provider) }
    const client = { identity: minted.identity(provider) }
    const schemesOf = (clientSignatureSchemes: readonly string[]) =>
      pairOf(provider, minted, { client, server: { ...server, clientSignatureSchemes } }).run()
    const fits = schemesOf(['ed25519', 'ecdsa_secp256r1_sha256'])
    expect([fits.server.connected, fits.client.connection.info?.signatureScheme]).toEqual([true, 'ecdsa_secp256r1_sha256'])
    // The server itself signs by ECDSA all the same; the client, which may not, has nothing to show.
    expect(schemesOf(['ed25519']).server.error?.code).toBe('certificate-required')
    expect(() => schemesOf(['no such scheme'])).toThrow(TypeError)
  })
})
