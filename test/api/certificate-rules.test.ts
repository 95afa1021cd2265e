/** What a trust store judges beyond the chain, within a handshake: the alert that a broken rule becomes, and the answer that comes late. */
import { beforeAll, describe, expect, it } from 'vitest'
import { type Authority, type CtLog, type Minted, mintAuthority, mintCtLog } from '../../src/testing/index.ts'
import type { Identity, PeerCertificateQuestion } from '../../src/types.ts'
import { CertificateError, createTrustStore, ctLogs, type TrustStoreOptions, verifiedChain } from '../../src/x509/index.ts'
import type { Credentials } from '../credentials.ts'
import { providers } from '../providers.ts'
import { pairOf } from './setup.ts'

let root: Authority
let logs: readonly CtLog[]
let plain: Minted
let promising: Minted
let logged: Minted
let outOfBounds: Minted
const crlUri = 'http://crl.example.com/root.crl'

beforeAll(async () => {
  root = await mintAuthority({ key: 'P-256' })
  logs = await Promise.all([mintCtLog(), mintCtLog()])
  const names = ['localhost']
  plain = await root.issue({ names, crlDistributionPoints: [{ fullName: [{ uri: crlUri }] }] })
  promising = await root.issue({ names, tlsFeatures: [5] })
  logged = await root.issue({ names, scts: entry => Promise.all(logs.map(log => log.sign(entry))) })
  const bound = await root.issueAuthority({ nameConstraints: { permitted: ['example.com'] } })
  const stray = await bound.issue({ names })
  outOfBounds = { ...stray, certificateDer: stray.certificateDer, certificatePem: stray.certificatePem + bound.certificatePem }
})

describe.each(providers())('on the provider $name', crypto => {
  const now = () => Date.now()
  const store = (options: Partial<TrustStoreOptions> = {}) => createTrustStore({ roots: [root.certificateDer], crypto, ...options })
  const identityOf = (minted: Minted): Identity => ({
    chain: pemChain(minted),
    key: crypto.importPrivateKey(minted.privateKeyPkcs8),
  })

  /** A handshake of a client that trusts by these options with a server of this identity. */
  function handshake(minted: Minted, options: Partial<TrustStoreOptions>, stapled: Partial<Identity> = {}) {
    const credentials: Credentials = {
      now: now(),
      pkcs8: minted.privateKeyPkcs8,
      identity: () => ({ ...identityOf(minted), ...stapled }),
      trust: () => store(options),
    }
    const pair = pairOf(crypto, credentials, { client: { requestOcsp: true, requestScts: true } }).run()
    return { pair, client: pair.client, server: pair.server }
  }

  it('a stapled response that says good is enough for a hard policy', async () => {
    const ocsp = await root.ocsp({ certificates: [plain] })
    const { client } = handshake(plain, { revocation: { mode: 'hard' } }, { ocsp })
    expect(client.connected).toBe(true)
    const peer = client.connection.info?.peer
    expect(peer && verifiedChain(peer)?.revocation).toMatchObject([{ status: 'good', source: 'ocsp' }])
  })

  it('a stapled response that says revoked ends in certificate_revoked, softly too', async () => {
    const ocsp = await root.ocsp({ certificates: [{ certificate: plain, status: 'revoked', reason: 'keyCompromise' }] })
    for (const mode of ['soft', 'hard'] as const) {
      const { client, server } = handshake(plain, { revocation: { mode } }, { ocsp })
      expect(client.error).toMatchObject({ code: 'certificate-revoked', alert: 'certificate_revoked', depth: 0 })
      expect(server.error).toMatchObject({ code: 'peer-alert', alert: 'certificate_revoked' })
    }
  })

  it('what is unknown is refused by a hard policy alone, and the error says where to ask', () => {
    expect(handshake(plain, { revocation: { mode: 'soft' } }).client.connected).toBe(true)
    const { client } = handshake(plain, { revocation: { mode: 'hard' } })
    expect(client.error).toMatchObject({
      code: 'revocation-unknown',
      alert: 'certificate_unknown',
      needed: { crlDistributionPoints: [crlUri] },
    })
  })

  it('a server that promised a stapled response and has none ends in bad_certificate_status_response', async () => {
    const { client } = handshake(promising, { revocation: { mode: 'soft' } })
    expect(client.error).toMatchObject({ code: 'ocsp-missing', alert: 'bad_certificate_status_response' })
    const ocsp = await root.ocsp({ certificates: [promising] })
    expect(handshake(promising, { revocation: { mode: 'soft' } }, { ocsp }).client.connected).toBe(true)
    expect(handshake(promising, {}).client.connected).toBe(true)
  })

  it.each(['good', 'revoked'] as const)('a CRL that was fetched answers the question late: %s', async verdict => {
    const { crlDer } = await root.crl({ revoked: verdict === 'revoked' ? [{ revoked: plain }] : [] })
    const trust = store({ revocation: { mode: 'hard' } })
    let asked: PeerCertificateQuestion | undefined
    const credentials: Credentials = { now: now(), pkcs8: plain.privateKeyPkcs8, identity: () => identityOf(plain), trust: () => trust }
    const pair = pairOf(crypto, credentials, {
      client: { ...({ trust: undefined } as object) },
      decideClient: question => {
        if (question.type === 'peer-certificate') asked = question
      },
    }).run()
    const request = { name: 'localhost', now: now(), purpose: 'server' as const }
    expect(() => trust.verify(asked?.chain ?? [], request)).toThrow(/whether CN=localhost is revoked is unknown/)
    expect(pair.client.connected).toBe(false)
    const verify = () => trust.verify(asked?.chain ?? [], { ...request, crls: [crlDer] })
    if (verdict === 'revoked') {
      expect(verify).toThrow(CertificateError)
      asked?.refuse('certificate_revoked')
      pair.run()
      expect(pair.server.error).toMatchObject({ code: 'peer-alert', alert: 'certificate_revoked' })
    } else {
      asked?.answer(verify())
      pair.run()
      expect(pair.client.connected).toBe(true)
    }
  })

  it('transparency is reported, or required', async () => {
    const list = ctLogs(
      logs.map(({ publicKey }, i) => ({ key: publicKey, operator: `operator ${i}`, state: 'usable' as const })),
      crypto,
    )
    const transparency = { logs: list, policy: 'require' as const }
    expect(handshake(logged, { transparency }).client.connected).toBe(true)
    expect(handshake(plain, { transparency }).client.error).toMatchObject({
      code: 'certificate-transparency',
      alert: 'bad_certificate',
    })
    const scts = await Promise.all(logs.map(log => log.sign(plain.certificateDer)))
    expect(handshake(plain, { transparency }, { scts }).client.connected).toBe(true)
    const { client } = handshake(plain, { transparency: { logs: list, policy: 'report' } }, { scts: scts.slice(1) })
    const peer = client.connection.info?.peer
    expect(peer && verifiedChain(peer)?.transparency).toMatchObject({ compliant: false, scts: [{ source: 'tls', status: 'valid' }] })
  })

  it('a name that the authority may not give ends in bad_certificate', () => {
    expect(handshake(outOfBounds, {}).client.error).toMatchObject({
      code: 'certificate-name-constraint',
      alert: 'bad_certificate',
      depth: 0,
      subject: 'CN=localhost',
      rule: 'RFC 5280 §4.2.1.10',
    })
  })

  it('a key that is not pinned ends in bad_certificate, one that is does not', () => {
    const pins = [new Uint8Array(32)]
    expect(handshake(plain, { pins }).client.error).toMatchObject({ code: 'certificate-pin', alert: 'bad_certificate' })
  })

  it('a server that no root vouches for is believed at first use by whoever says so', () => {
    const seen: unknown[] = []
    const firstUse = (answer: boolean) => (use: { readonly name: string | undefined; readonly keyHash: Uint8Array }) => {
      seen.push([use.name, use.keyHash.length])
      return answer
    }
    expect(handshake(plain, { roots: [], firstUse: firstUse(true) }).client.connected).toBe(true)
    expect(handshake(plain, { roots: [], firstUse: firstUse(false) }).client.error).toMatchObject({ code: 'issuer-unknown' })
    expect(seen).toEqual([
      ['localhost', 32],
      ['localhost', 32],
    ])
  })
})

function pemChain({ certificatePem }: Minted): Uint8Array[] {
  const blocks = certificatePem.matchAll(/-----BEGIN CERTIFICATE-----([^-]*)-----END/g)
  return [...blocks].map(([, base64 = '']) => new Uint8Array(Buffer.from(base64, 'base64')))
}
