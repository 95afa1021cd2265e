import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { TrustStore, VerifyRequest } from '../../../src/types.ts'
import { constructedTag, encode, encodeOid, tags } from '../../../src/wire/der.ts'
import { ChainCache } from '../../../src/x509/cache/chain-cache.ts'
import { ChainValidator, type RememberedVerdict } from '../../../src/x509/chain.ts'
import {
  type CertificateVerifier,
  createTrustStore,
  ctLogs,
  type TrustAnchor,
  type TrustStoreOptions,
  verifiedChain,
} from '../../../src/x509/index.ts'
import { providers } from '../../providers.ts'
import * as make from '../build.ts'
import { type Built, caExtensions, intermediate, leaf, now, root } from '../build.ts'
import { issueLogged, newLog } from '../ct/mint.ts'
import { faultOf } from '../judge.ts'
import { authority, crl, crlDistributionPoints, endEntity, entry, good, ocsp } from '../revocation/make.ts'
import { counting, outcome } from './stores.ts'

const [crypto] = providers()
if (!crypto) throw new Error('there is no provider')
const anchor = root()
const ca = intermediate(anchor)
const end = leaf(ca)
const other = root({ subject: 'Other' })
const crossed = intermediate(other, { keys: ca.keys })

const ders = (chain: readonly Built[]): Uint8Array[] => chain.map(({ der }) => new Uint8Array(der))
const asked = (request: Partial<VerifyRequest> = {}): VerifyRequest => ({ name: 'example.com', now, purpose: 'server', ...request })
const storeOf = (options: Partial<TrustStoreOptions> = {}) => createTrustStore({ roots: [anchor.der], crypto, ...options })

describe('a peer that comes again', () => {
  test('costs no signature, and gets an equal verdict of its own', () => {
    const { crypto: counted, count } = counting(crypto)
    const store = storeOf({ crypto: counted })
    const first = store.verify(ders([end, ca]), asked())
    expect(count()).toBe(2)
    const second = store.verify(ders([end, ca]), asked())
    expect(count()).toBe(2)
    expect(second).toEqual(first)
    expect(second).not.toBe(first)
    expect(verifiedChain(second)).toEqual(verifiedChain(first))
  })

  test('costs no signature at another time, for another name or purpose, or beside other certificates', () => {
    const { crypto: counted, count } = counting(crypto)
    const both = leaf(ca, {
      extensions: [
        make.keyUsage('digitalSignature'),
        make.extendedKeyUsage('serverAuth', 'clientAuth'),
        make.subjectAltName(make.dns('example.com'), make.dns('example.org')),
      ],
    })
    const store = storeOf({ crypto: counted })
    store.verify(ders([both, ca]), asked())
    for (const request of [{ now: now + 1 }, { name: 'example.org' }, { name: undefined, purpose: 'client' }] as const) {
      store.verify(ders([both, ca]), asked(request))
    }
    store.verify(ders([both, crossed, ca]), asked())
    expect(count()).toBe(2)
  })

  test('costs as much as ever where the cache is off, by default in a single validation, or with limits of 0', () => {
    for (const cache of [false, { certificates: 0, signatures: 0, verdicts: 0 }, { bytes: 0 }] as const) {
      const { crypto: counted, count } = counting(crypto)
      const store = storeOf({ crypto: counted, cache })
      store.verify(ders([end, ca]), asked())
      store.verify(ders([end, ca]), asked())
      expect(count()).toBe(4)
    }
  })

  test.each([-1, 1.5, Number.NaN, '5', Number.POSITIVE_INFINITY])('limits are whole numbers: %s is none', limit => {
    for (const name of ['certificates', 'signatures', 'verdicts', 'bytes']) {
      expect(() => storeOf({ cache: { [name]: limit as number } })).toThrow(new RegExp(`^cache.${name} is a whole number`))
    }
  })

  test('costs no signature where revocation and transparency are asked for, however they came', () => {
    const { crypto: counted, count } = counting(crypto)
    const [one, two] = [newLog('First'), newLog('Second')]
    const logged = issueLogged([[one], [two]], { serial: encode(tags.integer, Uint8Array.of(9)) })
    const response = ocsp(logged.issuer, { answers: [{ issuer: logged.issuer, serial: 9, status: good }] })
    const store = storeOf({
      crypto: counted,
      roots: [logged.issuer.der],
      transparency: { logs: ctLogs([one.source, two.source], crypto), policy: 'require' },
      revocation: { mode: 'soft' },
    })
    const request = () => asked({ ocsp: new Uint8Array(response) })
    const verify = () => store.verify([new Uint8Array(logged.certificate.raw)], request())
    const first = verify()
    const cold = count()
    expect(cold).toBeGreaterThanOrEqual(3)
    expect(verifiedChain(verify())).toEqual(verifiedChain(first))
    expect(count()).toBe(cold)
  })

  test('has its signatures asked for each time where they are by an algorithm of the caller’s own', () => {
    const national = encode(tags.sequence, encodeOid('1.2.643.1'), encode(tags.null))
    let answer = true
    const verifier: CertificateVerifier = { algorithm: '1.2.643.1', verify: () => answer }
    const store = storeOf({ signatures: [verifier] })
    const chain = [leaf(ca, { algorithm: national }), ca]
    expect(store.verify(ders(chain), asked()).verified).toBe(true)
    answer = false
    expect(faultOf(() => store.verify(ders(chain), asked())).code).toBe('certificate-signature')
  })
})

describe('a verdict is remembered', () => {
  const watched = (options: Partial<TrustStoreOptions> = {}) => {
    const cache = new ChainCache<RememberedVerdict>()
    const { roots, ...rest } = { roots: [anchor.der], crypto, ...options }
    return { cache, validator: new ChainValidator({ ...rest, anchors: roots }, cache) }
  }

  test('whole, for the time in which nothing changes', () => {
    const short = leaf(ca, { notBefore: make.utc('260501000000Z'), notAfter: make.utc('260701000000Z') })
    const { validator } = watched()
    const judge = (at: number) => validator.validate(ders([short, ca]), { name: 'example.com', now: at, purpose: 'server' })
    const first = judge(now)
    const [begin, end] = [Date.parse('2026-05-01T00:00:00Z'), Date.parse('2026-07-01T00:00:00.999Z')]
    for (const at of [now, begin, end, end + 0.5, now + 1, now]) expect(judge(at)).toBe(first)
    expect(faultOf(() => judge(begin - 1)).code).toBe('certificate-not-yet-valid')
    expect(faultOf(() => judge(end + 1)).code).toBe('certificate-expired')
    expect(judge(now)).toBe(first)
  })

  test('under one name, however it is written', () => {
    const { validator, cache } = watched()
    const judge = (name: string) => validator.validate(ders([end, ca]), { name, now, purpose: 'server' })
    expect(judge('EXAMPLE.com.')).toBe(judge('example.com'))
    expect(cache.verdicts.entries).toBe(1)
  })

  test.each<readonly [string, Partial<TrustStoreOptions>]>([
    ['revocation is judged', { revocation: { mode: 'soft' } }],
    ['the answer to revocation is off', { revocation: { mode: 'off' } }],
    ['transparency is judged', { transparency: { logs: ctLogs([newLog('One').source], crypto), policy: 'report' } }],
    ['there are verifiers of one’s own', { signatures: [{ algorithm: '1.2.3', verify: () => true }] }],
  ])('not where %s', (_, options) => {
    const { validator, cache } = watched(options)
    validator.validate(ders([end, ca]), { name: 'example.com', now, purpose: 'server' })
    expect([cache.verdicts.entries, cache.certificates.entries, cache.signatures.entries]).toEqual([0, 2, 2])
  })

  test('never where it is a refusal, of which nothing else is remembered either', () => {
    const { validator, cache } = watched()
    const stray = root({ subject: 'Stray' })
    const strayCa = intermediate(stray)
    for (const chain of [
      [leaf(strayCa), strayCa, stray],
      [leaf(ca, { notAfter: make.utc('260301000000Z') }), ca],
      [leaf(other), ca],
    ]) {
      expect(() => validator.validate(ders(chain), { now, purpose: 'server' })).toThrow()
    }
    expect([cache.verdicts.entries, cache.certificates.entries, cache.signatures.entries]).toEqual([0, 0, 0])
  })

  test('with the certificates of its path alone', () => {
    const { validator, cache } = watched()
    const strays = Array.from({ length: 20 }, (_, i) => root({ subject: `Stray ${i}` }))
    validator.validate(ders([end, ...strays, ca]), { name: 'example.com', now, purpose: 'server' })
    expect([cache.verdicts.entries, cache.certificates.entries, cache.signatures.entries]).toEqual([1, 2, 2])
  })
})

/** Each changes one thing that a verdict may hang on; the store has just believed the chain without the change. */
describe('with a warm cache the outcome is that without one', () => {
  const client = leaf(ca, { extensions: [make.keyUsage('digitalSignature'), make.extendedKeyUsage('clientAuth'), make.subjectAltName()] })
  const flipped = (built: Built, at: number): Built => ({ ...built, der: built.der.map((octet, i) => (i === at ? octet ^ 1 : octet)) })
  const day = 86_400_000

  test.each<readonly [string, Partial<VerifyRequest>, readonly Built[]]>([
    ['nothing', {}, [end, ca]],
    ['another name', { name: 'example.org' }, [end, ca]],
    ['a subdomain', { name: 'www.example.com' }, [end, ca]],
    ['an address for a name', { name: '192.0.2.1' }, [end, ca]],
    ['no name', { name: undefined }, [end, ca]],
    ['an impossible name', { name: 'a b' }, [end, ca]],
    ['the other purpose', { purpose: 'client' }, [end, ca]],
    ['the other purpose without a name', { purpose: 'client', name: undefined }, [end, ca]],
    ['an impossible purpose', { purpose: 'any' as never }, [end, ca]],
    ['a later time', { now: now + 30 * day }, [end, ca]],
    ['a time after its end', { now: now + 365 * day }, [end, ca]],
    ['a time before its begin', { now: now - 365 * day }, [end, ca]],
    ['no time', { now: Number.NaN }, [end, ca]],
    ['a type that it is not', { certificateType: 'RawPublicKey' }, [end, ca]],
    ['an OCSP response', { ocsp: Uint8Array.of(1) }, [end, ca]],
    ['SCTs', { scts: [Uint8Array.of(1)] }, [end, ca]],
    ['CRLs', { crls: [Uint8Array.of(1)] }, [end, ca]],
    ['fetched OCSP responses', { fetchedOcsp: [Uint8Array.of(1)] }, [end, ca]],
    ['no intermediate', {}, [end]],
    ['no chain', {}, []],
    ['the intermediate twice', {}, [end, ca, ca]],
    ['the root besides', {}, [end, ca, anchor]],
    ['something unreadable besides', {}, [end, ca, flipped(ca, 0)]],
    ['another order', {}, [ca, end]],
    ['another certificate of the same CA', {}, [client, ca]],
    ['another intermediate with the same key', {}, [end, crossed]],
    ['another intermediate with the same name', {}, [end, intermediate(anchor)]],
    ['a signature with another last octet', {}, [flipped(end, end.der.length - 1), ca]],
    ['a signature with another octet within', {}, [flipped(end, end.der.length - 40), ca]],
    ['another octet in what is signed', {}, [flipped(end, 60), ca]],
    ['another octet in the intermediate', {}, [end, flipped(ca, 60)]],
    ['another signature of the intermediate', {}, [end, flipped(ca, ca.der.length - 1)]],
    ['a lengthened certificate', {}, [{ ...end, der: Uint8Array.of(...end.der, 0) }, ca]],
  ])('%s', (_, request, chain) => {
    for (const options of [
      {},
      { profile: 'web' },
      { purpose: 'any' },
      { time: now + day },
      { revocation: { mode: 'soft' } },
      { revocation: { mode: 'off' } },
      { firstUse: () => true },
    ] satisfies Partial<TrustStoreOptions>[]) {
      const [warm, bare] = [storeOf(options), storeOf({ ...options, cache: false })]
      const base = () => outcome(warm, store => store.verify(ders([end, ca]), asked()))
      const before = base()
      const expected = outcome(bare, store => store.verify(ders(chain), asked(request)))
      for (const _ of [1, 2]) expect(outcome(warm, store => store.verify(ders(chain), asked(request)))).toEqual(expected)
      expect(base()).toEqual(before)
    }
  })

  const distrusted: TrustAnchor = {
    subject: make.name('Root'),
    publicKey: make.spkiOf(anchor.keys),
    distrustAfter: Date.parse('2025-01-01'),
  }
  test.each<readonly [string, Partial<TrustStoreOptions>]>([
    ['other roots', { roots: [other.der] }],
    ['a root that is distrusted', { roots: [distrusted] }],
    ['pins of other keys', { pins: [new Uint8Array(32)] }],
    ['a policy that is asked for', { policies: { requireExplicit: true } }],
    ['longer RSA keys', { minimumRsaBits: 4096 }],
    ['fewer signatures', { limits: { signatures: 1 } }],
    ['fewer intermediates', { limits: { intermediates: 0 } }],
    ['fewer candidates', { limits: { candidates: 0 } }],
    ['hard revocation', { revocation: { mode: 'hard' } }],
    ['required transparency', { transparency: { logs: ctLogs([newLog('One').source], crypto), policy: 'require' } }],
    ['the rules of the web', { profile: 'web' }],
    ['another purpose', { purpose: '1.3.6.1.5.5.7.3.3' }],
    ['another time', { time: 0 }],
  ])('another store with %s, asked twice', (_, options) => {
    const [cached, bare] = [storeOf(options), storeOf({ ...options, cache: false })]
    storeOf().verify(ders([end, ca]), asked())
    for (const _ of [1, 2]) {
      const ask = (store: typeof cached) => store.verify(ders([end, ca]), asked())
      expect(outcome(cached, ask)).toEqual(outcome(bare, ask))
    }
  })

  test('a budget counts signatures that are remembered as those that are verified', () => {
    const second = intermediate(ca, { subject: 'Second' })
    const options = { limits: { signatures: 2 } }
    const store = storeOf(options)
    expect(store.verify(ders([end, ca]), asked()).verified).toBe(true)
    for (const _ of [1, 2]) {
      expect(store.verify(ders([leaf(ca), ca]), asked()).verified).toBe(true)
      expect(faultOf(() => store.verify(ders([leaf(second), ca, second]), asked())).code).toBe('certificate-budget')
    }
  })

  test('names under constraints cost as many comparisons, where a chain has a certificate twice, too', () => {
    const constraints = make.extension(
      '2.5.29.30',
      encode(tags.sequence, encode(constructedTag(0), encode(tags.sequence, make.dns('example.com')))),
    )
    const limited = intermediate(anchor, { subject: 'Limited', extensions: caExtensions([constraints]) })
    const below = intermediate(limited, { subject: 'Below' })
    const outside = leaf(below, {
      extensions: [make.keyUsage('digitalSignature'), make.extendedKeyUsage('serverAuth'), make.subjectAltName(make.dns('example.org'))],
    })
    const asking = (chain: readonly Built[], name: string) => (store: TrustStore) => store.verify(ders(chain), asked({ name }))
    const believed = asking([leaf(below), below, limited], 'example.com')
    const refused = asking([outside, below, ...new Array<Built>(12).fill(limited)], 'example.org')
    const codes = new Set<unknown>()
    for (let nameComparisons = 0; nameComparisons < 16; nameComparisons++) {
      const [cached, bare] = [storeOf({ limits: { nameComparisons } }), storeOf({ limits: { nameComparisons }, cache: false })]
      for (const ask of [believed, refused, refused, believed]) {
        const expected = outcome(bare, ask)
        expect(outcome(cached, ask)).toEqual(expected)
        codes.add((expected as { code?: unknown }).code)
      }
    }
    expect(codes).toEqual(new Set([undefined, 'certificate-budget', 'certificate-name-constraint']))
  })
})

describe('nobody outside can change what is remembered', () => {
  /** Whatever is reachable from `value` is emptied. */
  function ruin(value: unknown, seen = new Set<unknown>()): void {
    if (typeof value !== 'object' || value === null || seen.has(value)) return
    seen.add(value)
    if (value instanceof Uint8Array) new Uint8Array(value.buffer).fill(0)
    else if (value instanceof Set || value instanceof Map) {
      for (const each of value instanceof Map ? value.values() : value) ruin(each, seen)
      value.clear()
    } else {
      for (const name of names(value)) ruin((value as Record<string, unknown>)[name], seen)
      if (Object.isFrozen(value)) return
      for (const name of Object.keys(value)) Reflect.deleteProperty(value, name)
    }
  }
  /** What it has of its own, and the getters of its class. */
  function names(value: object): readonly string[] {
    const prototype = Object.getPrototypeOf(value) as object
    const isPlain = prototype === Object.prototype || prototype === Array.prototype
    return [...Object.keys(value), ...(isPlain ? [] : Object.getOwnPropertyNames(prototype))]
  }

  test.each<readonly [string, Partial<TrustStoreOptions>]>([
    ['a plain store', {}],
    ['one that judges revocation', { revocation: { mode: 'soft' } }],
  ])('by what was asked and answered before, in %s', (_, options) => {
    const [cached, bare] = [storeOf(options), storeOf({ ...options, cache: false })]
    const ask = (store: typeof cached) => store.verify(ders([end, ca]), asked())
    const expected = outcome(bare, ask)
    for (let i = 0; i < 3; i++) {
      const chain = ders([end, ca])
      const peer = cached.verify(chain, asked())
      // The engine's buffer is the next record's.
      for (const each of chain) each.fill(0)
      ruin(verifiedChain(peer))
      ruin(peer.spki)
      expect(outcome(cached, ask)).toEqual(expected)
    }
  })

  test('into a chain that was never judged', () => {
    const forger = make.newKeys()
    const spki = make.spkiOf(end.keys)
    const at = Buffer.from(end.der).indexOf(spki)
    const forged = new Uint8Array(end.der)
    forged.set(make.spkiOf(forger), at)
    const store = storeOf()
    for (const write of [
      () => store.verify(ders([end, ca]), asked()).spki.set(make.spkiOf(forger)),
      () => verifiedChain(store.verify(ders([end, ca]), asked()))?.path[0]?.raw.set(forged),
      () => verifiedChain(store.verify(ders([end, ca]), asked()))?.path[0]?.publicKey.raw.set(make.spkiOf(forger)),
    ]) {
      write()
      expect(faultOf(() => store.verify([forged, ca.der], asked())).code).toBe('certificate-signature')
      expect(store.verify(ders([end, ca]), asked()).spki).toEqual(spki)
    }
  })

  test('by Buffers, whose slices are views', () => {
    const chain = [end.der, ca.der].map(der => Buffer.from(der))
    const store = storeOf()
    const peer = store.verify(chain, asked())
    for (const each of chain) each.fill(0)
    expect(verifiedChain(peer)?.path.map(({ raw }) => raw)).toEqual([end.der, ca.der])
    expect(peer.subjects).toEqual(['CN=leaf', 'CN=Intermediate'])
    expect(peer.spki).toEqual(make.spkiOf(end.keys))
    expect(outcome(store, each => each.verify(ders([end, ca]), asked()))).toMatchObject({ verified: true })
    expect(faultOf(() => store.verify(chain, asked())).code).toBe('certificate-malformed')
  })

  test.each([[false], [{}]] as const)('by the options, which were read when the store was made, with the cache %j', cache => {
    const pin = new Uint8Array(createHash('sha256').update(make.spkiOf(ca.keys)).digest())
    const der = new Uint8Array(anchor.der)
    const [pins, roots, initial] = [[pin], [der], ['2.5.29.32.0']]
    const policies = { initial, requireExplicit: false }
    const signatures: CertificateVerifier[] = []
    const store = createTrustStore({ roots, crypto, pins, policies, signatures, cache })
    const policiesOf = () => verifiedChain(store.verify(ders([end, ca]), asked()))?.policies
    const before = policiesOf()
    for (const change of [
      () => pin.fill(0),
      () => pins.pop(),
      () => (policies.requireExplicit = true),
      () => initial.push('1.2.3'),
      () => signatures.push({ algorithm: '1.2.840.10045.4.3.2', verify: () => false }),
      () => der.fill(0),
      () => roots.pop(),
    ]) {
      change()
      expect(policiesOf()).toEqual(before)
      // What is no longer remembered is judged by the same options.
      expect(store.verify(ders([leaf(ca), ca]), asked()).verified).toBe(true)
    }
  })

  test('by the lists in an error', () => {
    const issuer = authority()
    const store = storeOf({ roots: [issuer.der], revocation: { mode: 'hard' } })
    const pointed = endEntity(issuer, 7, [crlDistributionPoints({ at: 'http://example.com/crl' })])
    const list = crl(issuer)
    const refused = () =>
      faultOf(() => store.verify(ders([pointed]), asked())) as unknown as { needed: { crlDistributionPoints: string[] } }
    expect(store.verify(ders([pointed]), asked({ crls: [list] })).verified).toBe(true)
    refused().needed.crlDistributionPoints.length = 0
    expect(refused().needed.crlDistributionPoints).toEqual(['http://example.com/crl'])
  })
})

test('what expires or is revoked later is refused then, and believed again where time goes back', () => {
  const issuer = authority()
  const mortal = endEntity(issuer, 7)
  for (const revocation of [undefined, { mode: 'soft' }] as const) {
    const store = storeOf({ roots: [issuer.der], ...(revocation && { revocation }) })
    const ask = (request: Partial<VerifyRequest> = {}) => store.verify(ders([mortal]), asked(request)).verified
    const late = { now: Date.parse('2027-01-01T00:00:01Z') }
    expect(ask()).toBe(true)
    expect(faultOf(() => ask(late)).code).toBe('certificate-expired')
    expect(ask()).toBe(true)
  }
  const store = storeOf({ roots: [issuer.der], revocation: { mode: 'soft' } })
  const ask = (crls: readonly Uint8Array[]) => store.verify(ders([mortal]), asked({ crls })).verified
  expect(ask([])).toBe(true)
  expect(ask([crl(issuer)])).toBe(true)
  const revoking = crl(issuer, { entries: [entry(7)] })
  expect(faultOf(() => ask([revoking])).code).toBe('certificate-revoked')
  expect(ask([crl(issuer)])).toBe(true)
})

test('a CRL by another key is not believed for one that was by the right key', () => {
  const issuer = authority()
  const mortal = endEntity(issuer, 7)
  const store = storeOf({ roots: [issuer.der], revocation: { mode: 'hard' } })
  const good = crl(issuer)
  expect(store.verify(ders([mortal]), asked({ crls: [good] })).verified).toBe(true)
  const forged = crl({ ...issuer, keys: make.newKeys() })
  expect(faultOf(() => store.verify(ders([mortal]), asked({ crls: [forged] }))).code).toBe('revocation-unknown')
  const bent = good.map((octet, i) => (i === good.length - 1 ? octet ^ 1 : octet))
  expect(faultOf(() => store.verify(ders([mortal]), asked({ crls: [bent] }))).code).toBe('revocation-unknown')
})

test('10,000 chains take no more room than the limits allow', () => {
  const cache = new ChainCache<RememberedVerdict>({ certificates: 16, signatures: 20, verdicts: 10, bytes: 30_000 })
  const yes: typeof crypto.verifiers = crypto.verifiers.map(({ scheme }) => ({ scheme, verify: () => true }))
  const validator = new ChainValidator({ crypto: { ...crypto, verifiers: yes }, anchors: [anchor.der] }, cache)
  const template = Buffer.from(end.der).subarray()
  const at = template.length - 20
  for (let i = 0; i < 10_000; i++) {
    const der = new Uint8Array(template)
    new DataView(der.buffer).setUint32(at, i)
    validator.validate([der, ca.der], { name: 'example.com', now, purpose: 'server' })
    const { certificates, signatures, verdicts } = cache
    if (certificates.entries > 16 || signatures.entries > 20 || verdicts.entries > 10) throw new Error(`too much after ${i}`)
    for (const each of [certificates, signatures, verdicts]) if (each.bytes > 30_000) throw new Error(`too many octets after ${i}`)
  }
  expect([cache.certificates.entries, cache.verdicts.entries]).toEqual([16, 10])
})
