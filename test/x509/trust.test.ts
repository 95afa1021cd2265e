import { createHash, generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { mozillaRoots } from '../../src/roots.ts'
import type { VerifyRequest } from '../../src/types.ts'
import { encode, encodeOid, tags } from '../../src/wire/der.ts'
import {
  acceptWithoutVerification,
  type CertificateVerifier,
  createTrustStore,
  ctLogs,
  encodePem,
  type FirstUse,
  type TrustAnchor,
  type TrustStoreOptions,
  verifiedChain,
} from '../../src/x509/index.ts'
import { providers } from '../providers.ts'
import * as make from './build.ts'
import { type Built, caExtensions, intermediate, leaf, leafExtensions, now, root } from './build.ts'
import { issue, issueLogged, newLog } from './ct/mint.ts'
import { faultOf, judge } from './judge.ts'

const [crypto] = providers()
if (!crypto) throw new Error('there is no provider')
const anchor = root()
const ca = intermediate(anchor)
const end = leaf(ca)
const { verify, fault } = judge(crypto, anchor)
const bare: TrustAnchor = { subject: make.name('Root'), publicKey: make.spkiOf(anchor.keys) }
const hash = (data: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(data).digest())
const keyHash = ({ keys }: Built): Uint8Array => hash(make.spkiOf(keys))
const pem = (...built: readonly Built[]): string => built.map(({ der }) => encodePem('CERTIFICATE', der)).join('')
const expired = { notAfter: make.utc('260301000000Z') }

describe('intermediates of the store', () => {
  const second = intermediate(ca, { subject: 'Second' })
  const below = leaf(second)

  test('fill the gaps that a peer leaves, as DER or PEM', () => {
    for (const intermediates of [[ca.der, second.der], [second.der, ca.der], [pem(second, ca)], [pem(second), ca.der]]) {
      expect(verify([below], {}, { intermediates }).verified).toBe(true)
    }
    expect(verify([below, second], {}, { intermediates: [ca.der] }).verified).toBe(true)
    expect(verify([below, ca], {}, { intermediates: [second.der] }).verified).toBe(true)
    expect(fault([below], {}, { intermediates: [ca.der] }).code).toBe('issuer-unknown')
  })

  test('are believed no more than those of the peer', () => {
    const stray = intermediate(root())
    expect(fault([leaf(stray)], {}, { intermediates: [stray.der] })).toMatchObject({ code: 'certificate-signature' })
    const old = intermediate(anchor, expired)
    expect(fault([leaf(old)], {}, { intermediates: [old.der] }).message).toMatch(/^intermediate 0 \(CN=Intermediate\) expired/)
  })

  test('that are malformed are the caller’s mistake', () => {
    for (const bad of [Uint8Array.of(1), ca.der.subarray(1), 'nothing']) {
      expect(() => createTrustStore({ roots: [anchor.der], intermediates: [ca.der, bad], crypto })).toThrow(TypeError)
    }
  })
})

describe('pins', () => {
  test.each([
    ['the end entity', end],
    ['an intermediate', ca],
    ['the anchor', anchor],
  ])('hold with the key of %s', (_, built) => {
    expect(verify([end, ca], {}, { pins: [keyHash(leaf(anchor)), keyHash(built)] }).verified).toBe(true)
    expect(verify([end, ca], {}, { pins: [keyHash(built)], roots: [bare] }).verified).toBe(true)
  })

  test('refuse what has none of the keys, also where the other certificates sent have one', () => {
    const stranger = intermediate(root(), { subject: 'Stranger' })
    const pins = [keyHash(stranger)]
    expect(fault([end, ca, stranger], {}, { pins })).toMatchObject({ code: 'certificate-pin', alert: 'bad_certificate' })
    // The hash is of the key, not of the certificate.
    expect(fault([end, ca], {}, { pins: [hash(end.der)] }).code).toBe('certificate-pin')
    expect(fault([end, ca], {}, { pins: [] }).code).toBe('certificate-pin')
  })

  test.each([[['sha256/AAAA']], [[new Uint8Array(20)]], [['']]])('are hashes: %j is none', pins => {
    expect(() => verify([end, ca], {}, { pins: pins as never })).toThrow(/pins are SHA-256 hashes/)
  })

  test('choose among paths', () => {
    const other = root({ subject: 'Other' })
    const crossed = intermediate(other, { keys: ca.keys })
    const roots = [anchor.der, other.der]
    for (const chain of [
      [end, ca, crossed],
      [end, crossed, ca],
    ]) {
      const peer = verify(chain, {}, { roots, pins: [keyHash(other)] })
      expect(verifiedChain(peer)?.path[1]?.raw).toEqual(crossed.der)
    }
  })
})

describe('first use', () => {
  const own = make.build({ subject: 'own', extensions: leafExtensions() })
  /** What was asked for, and what came of it. */
  function meet(chain: readonly Built[], answer: boolean, request: Partial<VerifyRequest> = {}, options: Partial<TrustStoreOptions> = {}) {
    const seen: FirstUse[] = []
    const firstUse = (one: FirstUse): boolean => {
      seen.push(one)
      return answer
    }
    try {
      return { seen, peer: verify(chain, request, { roots: [], firstUse, ...options }), error: undefined }
    } catch (error) {
      return { seen, peer: undefined, error }
    }
  }

  test.each<readonly [string, readonly Built[]]>([
    ['a peer that signed for itself', [own]],
    ['a peer of nobody known', [end]],
    ['a peer of a CA of nobody known', [end, ca]],
    ['a peer with its root', [end, ca, anchor]],
  ])('asks about %s, and believes it or not', (_, chain) => {
    const { peer, seen } = meet(chain, true)
    expect(peer).toMatchObject({ verified: true, chain: chain.map(({ der }) => der), certificateType: 'X509' })
    expect(peer && verifiedChain(peer)).toBeUndefined()
    expect(seen).toEqual([{ name: 'example.com', chain: chain.map(({ der }) => der), keyHash: keyHash(chain[0] as Built) }])
    expect(meet(chain, false)).toMatchObject({ peer: undefined, error: { code: 'issuer-unknown' } })
  })

  const stray = root({ subject: 'Stray' })
  const unknown = (order: make.Order): readonly Built[] => [leaf(stray, order)]
  test.each<readonly [string, string, readonly Built[], Partial<VerifyRequest>]>([
    ['is for another name', 'certificate-name-mismatch', [own], { name: 'example.org' }],
    ['is expired', 'certificate-expired', unknown(expired), {}],
    ['is not yet valid', 'certificate-not-yet-valid', unknown({ notBefore: make.utc('260701000000Z') }), {}],
    ['is for clients', 'certificate-purpose', [own], { purpose: 'client' }],
    ['may not sign', 'certificate-key-usage', unknown({ extensions: leafExtensions().with(0, make.keyUsage('cRLSign')) }), {}],
    [
      'has an unknown critical extension',
      'certificate-critical-extension',
      unknown({ extensions: leafExtensions([make.extension('1.2.3', stray.subject, true)]) }),
      {},
    ],
    ['has a key that TLS can’t use', 'certificate-key', unknown({ keys: make.newKeys('secp256k1') }), {}],
    ['is malformed', 'certificate-malformed', [{ ...own, der: own.der.subarray(1) }], {}],
    ['came with a malformed certificate', 'certificate-malformed', [own, { ...own, der: own.der.subarray(1) }], {}],
    ['was not signed by its CA', 'certificate-signature', [leaf(intermediate(stray)), ca], {}],
    ['has an expired CA', 'certificate-expired', [end, intermediate(stray, { ...expired, keys: ca.keys })], {}],
    ['has an issuer that is no CA', 'certificate-not-a-ca', [leaf(end), end], {}],
  ])('does not ask about a peer that %s', (_, code, chain, request) => {
    expect(meet(chain, true, request)).toMatchObject({ seen: [], peer: undefined, error: { code } })
  })

  test('does not ask about what the roots vouch for, nor about what breaks a rule under them', () => {
    const options = { roots: [anchor.der] }
    const { seen, peer } = meet([end, ca], false, {}, options)
    expect([seen, peer?.verified]).toEqual([[], true])
    expect(meet([end, ca], true, {}, { ...options, pins: [] })).toMatchObject({ seen: [], error: { code: 'certificate-pin' } })
    const policies = { requireExplicit: true }
    expect(meet([end, ca], true, {}, { ...options, policies })).toMatchObject({ seen: [], error: { code: 'certificate-policy' } })
    expect(meet([leaf(root())], true, {}, options)).toMatchObject({ seen: [], error: { code: 'certificate-signature' } })
    expect(meet([end, ca], true, {}, { ...options, limits: { signatures: 1 } })).toMatchObject({
      seen: [],
      error: { code: 'certificate-budget' },
    })
  })

  test('does not ask about raw public keys', () => {
    const chain = [{ ...own, der: make.spkiOf(own.keys) }]
    expect(meet(chain, true, { certificateType: 'RawPublicKey' })).toMatchObject({ seen: [], error: { code: 'raw-key-unknown' } })
  })

  test('is told no name of a client, and its own errors get through', () => {
    const client = make.build({ extensions: [make.extendedKeyUsage('clientAuth')] })
    expect(meet([client], true, { purpose: 'client', name: undefined }).seen).toMatchObject([{ name: undefined, keyHash: keyHash(client) }])
    const firstUse = (): boolean => {
      throw new RangeError('the disk is full')
    }
    expect(() => verify([own], {}, { roots: [], firstUse })).toThrow(RangeError)
  })
})

describe('time and purpose of the store', () => {
  test('the time goes before that of the connection', () => {
    const late = { now: Date.parse('2030-01-01') }
    expect(fault([end, ca], late).code).toBe('certificate-expired')
    expect(verify([end, ca], late, { time: now }).verified).toBe(true)
    expect(fault([end, ca], {}, { time: late.now }).code).toBe('certificate-expired')
    expect(fault([end, ca], {}, { time: 0 }).code).toBe('certificate-not-yet-valid')
    expect(() => verify([end, ca], {}, { time: Number.NaN })).toThrow(TypeError)
  })

  test('the purpose goes before that of the peer’s role', () => {
    const signer = leaf(ca, { extensions: leafExtensions().with(1, make.extendedKeyUsage('codeSigning')) })
    const codeSigning = '1.3.6.1.5.5.7.3.3'
    expect(fault([signer, ca]).code).toBe('certificate-purpose')
    expect(verify([signer, ca], {}, { purpose: codeSigning }).verified).toBe(true)
    expect(verify([signer, ca], {}, { purpose: 'any' }).verified).toBe(true)
    expect(fault([end, ca], {}, { purpose: codeSigning })).toMatchObject({ code: 'certificate-purpose', depth: 0 })
    const narrow = intermediate(anchor, { extensions: caExtensions([make.extendedKeyUsage('serverAuth')]) })
    const below = leaf(narrow, { extensions: leafExtensions().with(1, make.extendedKeyUsage('codeSigning')) })
    expect(fault([below, narrow], {}, { purpose: codeSigning })).toMatchObject({ code: 'certificate-purpose', depth: 1 })
    // Whatever it is for, it has to sign the handshake, and a server has a name.
    expect(fault([end, ca], { name: 'example.org' }, { purpose: 'any' }).code).toBe('certificate-name-mismatch')
    expect(() => verify([end, ca], {}, { purpose: 'server auth' })).toThrow(TypeError)
    expect(() => verify([end, ca], { name: undefined }, { purpose: 'any' })).toThrow(TypeError)
  })
})

describe('signatures of one’s own', () => {
  /** SEQUENCE { OID, NULL }: nobody's algorithm. */
  const national = encode(tags.sequence, encodeOid('1.2.643.1'), encode(tags.null))
  const signed = leaf(ca, { algorithm: national })

  test('verify what the provider does not know', () => {
    const asked: Uint8Array[][] = []
    const verifier: CertificateVerifier = { algorithm: '1.2.643.1', verify: (...all) => asked.push(all) > 0 }
    expect(fault([signed, ca])).toMatchObject({ code: 'certificate-algorithm', depth: 0 })
    expect(verify([signed, ca], {}, { signatures: [verifier] }).verified).toBe(true)
    const [algorithm, spki, message, signature] = asked[0] ?? []
    expect([asked.length, algorithm, spki]).toEqual([1, national, make.spkiOf(ca.keys)])
    const parts = encode(tags.sequence, message as Uint8Array, national, encode(tags.bitString, Uint8Array.of(0), signature as Uint8Array))
    expect(parts).toEqual(signed.der)
    const refusing = { ...verifier, verify: () => false }
    expect(fault([signed, ca], {}, { signatures: [refusing] })).toMatchObject({ code: 'certificate-signature', depth: 0 })
  })

  test('go before the provider’s, and the first of them before the others', () => {
    const ecdsa = '1.2.840.10045.4.3.2'
    const yes: CertificateVerifier = { algorithm: ecdsa, verify: () => true }
    const no: CertificateVerifier = { algorithm: ecdsa, verify: () => false }
    expect(fault([end, ca], {}, { signatures: [no, yes] }).code).toBe('certificate-signature')
    expect(verify([leaf(root()), ca], {}, { signatures: [yes, no] }).verified).toBe(true)
    expect(verify([end, ca], {}, { signatures: [{ ...no, algorithm: '1.2.3' }] }).verified).toBe(true)
  })

  test('count like the provider’s', () => {
    const yes: CertificateVerifier = { algorithm: '1.2.643.1', verify: () => true }
    expect(fault([signed, ca], {}, { signatures: [yes], limits: { signatures: 1 } }).code).toBe('certificate-budget')
    expect(verify([signed, ca], {}, { signatures: [yes], limits: { signatures: 2 } }).verified).toBe(true)
  })
})

test('RSA keys have to be as long as the store wants them, wherever they stand', () => {
  const algorithm = encode(tags.sequence, encodeOid('1.2.840.113549.1.1.11'), encode(tags.null))
  const [short, long] = [1024, 2048].map(modulusLength => ({ keys: generateKeyPairSync('rsa', { modulusLength }) }))
  const rsaRoot = root({ ...long, algorithm })
  const rsaCa = intermediate(anchor, long)
  const shortEnd = leaf(anchor, short)
  expect(fault([shortEnd])).toMatchObject({ code: 'certificate-key', depth: 0, alert: 'unsupported_certificate' })
  expect(fault([shortEnd]).message).toMatch(/an RSA key of 1024 bits, fewer than 2048/)
  expect(verify([shortEnd], {}, { minimumRsaBits: 1024 }).verified).toBe(true)
  for (const [chain, roots, depth] of [
    [[leaf(anchor, long)], [anchor.der], 0],
    [[leaf(rsaCa, { algorithm }), rsaCa], [anchor.der], 1],
    [[leaf(rsaRoot, { algorithm })], [rsaRoot.der], 1],
  ] as const) {
    expect(verify(chain, {}, { roots }).verified).toBe(true)
    expect(fault(chain, {}, { roots, minimumRsaBits: 2049 })).toMatchObject({ code: 'certificate-key', depth })
  }
})

describe('what a verdict rests on', () => {
  test('is the path, without what did not belong to it, and the anchor', () => {
    const found = verifiedChain(verify([end, root({ subject: 'Stray' }), ca, anchor]))
    expect(found?.path.map(({ raw }) => raw)).toEqual([end.der, ca.der])
    expect(found).toMatchObject({ anchor: { subject: anchor.subject, certificate: anchor.der }, revocation: [], transparency: undefined })
    expect([...(found?.policies ?? [])]).toEqual([])
    const labelled = { ...bare, label: 'mine' }
    expect(verifiedChain(verify([end, ca], {}, { roots: [labelled] }))?.anchor).toEqual(labelled)
  })

  test('is nothing for a verdict of another kind, nor for a copy', () => {
    const peer = verify([end, ca])
    expect(verifiedChain({ ...peer })).toBeUndefined()
    expect(verifiedChain(acceptWithoutVerification([end.der]))).toBeUndefined()
  })

  test('is a report on transparency too, where that is wanted', () => {
    const [first, second] = [newLog('First'), newLog('Second')]
    const logs = ctLogs([first.source, second.source], crypto)
    const chainOf = ({ certificate }: ReturnType<typeof issue>): Built[] => [{ ...end, der: certificate.raw }]
    const logged = issueLogged([[first], [second]])
    const plain = issue()
    const options = (policy: 'report' | 'require') => ({ roots: [logged.issuer.der], transparency: { logs, policy } })
    const reported = (chain: Built[]) => verifiedChain(verify(chain, {}, options('report')))?.transparency
    expect(reported(chainOf(logged))).toMatchObject({ compliant: true, scts: [{ status: 'valid' }, { status: 'valid' }] })
    expect(reported(chainOf(plain))).toMatchObject({ compliant: false, scts: [] })
    expect(verify(chainOf(logged), {}, options('require')).verified).toBe(true)
    expect(fault(chainOf(plain), {}, options('require')).code).toBe('certificate-transparency')
  })
})

test('Mozilla’s roots are a trust store', () => {
  const roots = mozillaRoots()
  const store = createTrustStore({ roots, crypto })
  const request = { name: 'example.com', now, purpose: 'server' } as const
  expect(faultOf(() => store.verify([end.der, ca.der], request)).code).toBe('issuer-unknown')
  expect(createTrustStore({ roots: [...roots, anchor.der], crypto }).verify([end.der, ca.der], request).verified).toBe(true)
  // A name that is one of theirs, and a key that is not.
  const forged = leaf({ ...anchor, subject: roots[0]?.subject as Uint8Array })
  expect(faultOf(() => store.verify([forged.der], request)).code).toMatch(/^certificate-(signature|algorithm)$/)
})

describe('what comes from files', () => {
  test('is PEM as text, as octets, or DER', () => {
    const pem = encodePem('CERTIFICATE', anchor.der)
    for (const source of [pem, new TextEncoder().encode(pem), anchor.der]) {
      expect(verify([end, ca], {}, { roots: [source] }).verified).toBe(true)
      expect(() => createTrustStore({ roots: [source.slice(0, 40)], crypto })).toThrow(TypeError)
    }
  })

  test('is read at once where it says who is revoked: nothing is missing without a word', () => {
    const broken = { roots: [anchor.der], crypto, revocation: { mode: 'soft' as const, crls: [anchor.der] } }
    expect(() => createTrustStore(broken)).toThrow(/^revocation: the CRL is malformed/)
    expect(() => createTrustStore({ ...broken, revocation: { mode: 'soft', ocsp: [anchor.der] } })).toThrow(TypeError)
  })
})
