/** PKCS#12 files of every make, and what comes first in an identity of one. */
import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it, test } from 'vitest'
import { encode, encodeOid, tags } from '../../../src/wire/der.ts'
import { loadIdentity } from '../../../src/x509/keys/keys.ts'
import { parsePkcs12 } from '../../../src/x509/keys/pkcs12.ts'
import { providers } from '../../providers.ts'
import * as make from '../build.ts'
import * as p12 from './pfx.ts'

const anchor = make.root()
const ca = make.intermediate(anchor)
const leaf = make.leaf(ca)
const pkcs8 = Uint8Array.from(leaf.keys.privateKey.export({ type: 'pkcs8', format: 'der' }))
const passphrase = 'pässwörd €𝄞'
const locked: p12.Encryption = { password: passphrase, prf: 'sha256' }
const { bag, part, pfx, mac } = p12

/** What `openssl pkcs12 -export` makes: the certificates encrypted together, the key by itself. */
const usual = pfx(
  [
    part.encrypted(locked, bag.certificate(leaf.der, { id: 'x', name: 'mine' }), bag.certificate(ca.der), bag.certificate(anchor.der)),
    part.plain(bag.shrouded(pkcs8, locked, { id: 'x', name: 'mine' })),
  ],
  mac({ password: passphrase }),
)
const all = providers()
const [crypto] = all as [(typeof all)[0]]

describe.each(all)('on $name', crypto => {
  it('gives keys and certificates with their names', () => {
    expect(parsePkcs12(usual, { crypto, passphrase })).toEqual({
      keys: [{ der: pkcs8, localKeyId: '78', friendlyName: 'mine' }],
      certificates: [
        { der: leaf.der, localKeyId: '78', friendlyName: 'mine' },
        { der: ca.der, localKeyId: undefined, friendlyName: undefined },
        { der: anchor.der, localKeyId: undefined, friendlyName: undefined },
      ],
    })
  })

  it.each(['sha1', 'sha256', 'sha384', 'sha512'] as const)('checks a MAC with %s', hash => {
    const parts = [part.plain(bag.key(pkcs8), bag.certificate(leaf.der))]
    const open = (password: string) => parsePkcs12(pfx(parts, mac({ password, hash })), { crypto, passphrase })
    expect(open(passphrase).keys).toHaveLength(1)
    expect(() => open('other')).toThrow(
      "the PKCS#12 file can't be opened: its passphrase is wrong, or it was changed: its MAC does not fit",
    )
    const long = 'long enough for two blocks of either size, as a passphrase of more than sixty-three characters is'
    expect(parsePkcs12(pfx(parts, mac({ password: long, hash })), { crypto, passphrase: long }).keys).toHaveLength(1)
  })

  it('checks PBMAC1, whose key has the stated length', () => {
    const parts = [part.plain(bag.key(pkcs8), bag.certificate(leaf.der))]
    const open = (made: (content: Uint8Array) => Uint8Array) => () => parsePkcs12(pfx(parts, made), { crypto, passphrase })
    expect(open(p12.pbmac1(passphrase, 32))().keys).toHaveLength(1)
    expect(open(p12.pbmac1(passphrase, 64))().keys).toHaveLength(1)
    expect(open(p12.pbmac1('other', 32))).toThrow(/its passphrase is wrong/)
    expect(open(p12.pbmac1(passphrase, 16))).toThrow(/its MAC key has 16 bytes, at least 20 are wanted/)
    expect(open(p12.pbmac1(passphrase, undefined))).toThrow(/no stated number of bytes/)
  })

  it('opens a file without a MAC, and says that the passphrase is wrong, also where the padding is right by chance', {
    timeout: 60_000,
  }, () => {
    const file = pfx([part.encrypted(locked, bag.key(pkcs8))])
    expect(parsePkcs12(file, { crypto, passphrase }).keys).toHaveLength(1)
    for (let i = 0; i < 400; i++) expect(() => parsePkcs12(file, { crypto, passphrase: `wrong ${i}` })).toThrow(/its passphrase is wrong/)
  })

  it('tries no passphrase and the empty one, both ways that files have them', () => {
    const parts = [
      part.encrypted({ ...locked, password: '' }, bag.certificate(leaf.der)),
      part.plain(bag.shrouded(pkcs8, { password: '' })),
    ]
    for (const password of [undefined, '']) {
      const file = pfx(parts, mac({ password }))
      for (const given of [{}, { passphrase: '' }]) expect(parsePkcs12(file, { crypto, ...given }).certificates).toHaveLength(1)
      expect(() => parsePkcs12(file, { crypto, passphrase })).toThrow(/its passphrase is wrong/)
    }
    expect(() => parsePkcs12(usual, { crypto })).toThrow(/it needs its passphrase, or it was changed/)
  })

  it.each([1, 7, 1000])('opens BER with octet strings in pieces of %i', piece => {
    const inner = (content: Uint8Array) => p12.toBer(content, piece)
    const parts = [part.encrypted(locked, bag.certificate(leaf.der, { id: 'x' })), part.plain(bag.shrouded(pkcs8, locked, { id: 'x' }))]
    const [content, inside] = [p12.sequenceOf(...parts), p12.sequenceOf(...parts.map(inner))]
    const file = (safe: Uint8Array) =>
      p12.sequenceOf(p12.number(3), p12.contentInfo(1, p12.octets(safe)), mac({ password: passphrase })(safe))
    const wanted = parsePkcs12(file(content), { crypto, passphrase })
    expect(wanted.keys).toHaveLength(1)
    expect(parsePkcs12(inner(file(content)), { crypto, passphrase })).toEqual(wanted)
    expect(parsePkcs12(inner(file(inside)), { crypto, passphrase })).toEqual(wanted)
  })

  it('never lets a file that was cut or changed become another error, or other contents', () => {
    const wanted = parsePkcs12(usual, { crypto, passphrase })
    for (let length = 0; length < usual.length; length++) {
      expect(() => parsePkcs12(usual.subarray(0, length), { crypto, passphrase })).toThrow(TypeError)
    }
    expect(() => parsePkcs12(Uint8Array.of(...usual, 0), { crypto, passphrase })).toThrow(TypeError)
    for (let i = 0; i < usual.length; i++) {
      const changed = usual.map((octet, at) => (at === i ? octet ^ (1 << (i % 8)) : octet))
      const outcome = attempt(() => parsePkcs12(changed, { crypto, passphrase }))
      if (!(outcome instanceof TypeError)) expect(outcome).toEqual(wanted)
    }
  })
})

describe('what is in a file', () => {
  it('may lie in bags within bags, beside bags that say nothing here', () => {
    const file = pfx([part.plain(bag.secret(), bag.nested(bag.nested(bag.key(pkcs8)), bag.certificate(leaf.der)), bag.other())])
    const { keys, certificates } = parsePkcs12(file, { crypto })
    expect([keys.map(({ der }) => der), certificates.map(({ der }) => der)]).toEqual([[pkcs8], [leaf.der]])
  })

  it.each([null, Buffer.from('secret'), 5])('is not opened by a passphrase that is no string: %s', given => {
    const open = () => parsePkcs12(usual, { crypto, passphrase: given as unknown as string })
    expect(open).toThrow(new TypeError('the passphrase has to be a string'))
  })

  test.each<readonly [string, Uint8Array, RegExp]>([
    ['another version', pfx([], undefined, 2), /it has version 2, not 3/],
    ['a signature', p12.sequenceOf(p12.number(3), p12.contentInfo(2, p12.sequenceOf())), /protected by a signature, not by a passphrase/],
    ['an encryption for a key', pfx([p12.contentInfo(3, p12.sequenceOf())]), /a part of it is encrypted for a public key/],
    ['a MAC with MD5', pfx([], macWith('1.2.840.113549.2.5')), /its MAC uses MD5; SHA-1, .* are supported/],
    ['a MAC with what nobody knows', pfx([], macWith('1.2.3')), /its MAC uses 1\.2\.3;/],
    ['a MAC of no iterations', pfx([], mac({ password: '', iterations: 0 })), /is malformed: a MAC key of no iterations/],
    ['PEM', new Uint8Array(Buffer.from('-----BEGIN CERTIFICATE-----')), /the PKCS#12 file is malformed/],
    ['a certificate', leaf.der, /the PKCS#12 file is malformed/],
    ['two names', pfx([part.plain(twoNames())]), /is malformed: 4 octets too many/],
    ['values too deep', new Uint8Array(100).fill(0x30).map((octet, i) => (i % 2 ? 0x80 : octet)), /nested more than 32 deep/],
  ])('is named where it is %s', (_, file, message) => {
    expect(() => parsePkcs12(file, { crypto })).toThrow(message)
    expect(() => parsePkcs12(file, { crypto })).toThrow(TypeError)
  })

  test.each<readonly [string, string, string]>([
    ['1.2.840.113549.1.12.1.3', 'key', '3DES (PKCS#12)'],
    ['1.2.840.113549.1.12.1.6', 'certificates', 'RC2 of 40 bits (PKCS#12)'],
  ])('is named where it is encrypted by %s', (oid, what, name) => {
    const algorithm = p12.sequenceOf(encodeOid(oid), p12.sequenceOf(p12.octets(new Uint8Array(8)), p12.number(1)))
    const order = { ...locked, algorithm }
    const parts = [what === 'key' ? part.plain(bag.shrouded(pkcs8, order)) : part.encrypted(order, bag.certificate(leaf.der))]
    const open = () => parsePkcs12(pfx(parts, mac({ password: passphrase })), { crypto, passphrase })
    expect(open).toThrow(`is encrypted with ${name}, which is not supported: make it anew with "openssl pkcs12 -legacy`)
  })

  it('is named where the MAC has one passphrase and the key another', () => {
    const file = pfx([part.plain(bag.shrouded(pkcs8, { ...locked, password: 'other' }))], mac({ password: passphrase }))
    expect(() => parsePkcs12(file, { crypto, passphrase })).toThrow(/its passphrase is wrong, or it was changed$/)
    const certificates = pfx([part.encrypted({ ...locked, password: 'other' }, bag.certificate(leaf.der))], mac({ password: passphrase }))
    expect(() => parsePkcs12(certificates, { crypto, passphrase })).toThrow(TypeError)
  })

  it('may be anything where nothing protects it, and never leads to another error', () => {
    const bags = [bag.nested(bag.key(pkcs8, { id: 'x', name: 'mine' })), bag.certificate(leaf.der, { id: 'x' }), bag.secret()]
    for (const file of [pfx([part.plain(...bags)]), p12.toBer(pfx([part.plain(...bags)]), 100)]) {
      const contents = parsePkcs12(file, { crypto })
      expect([contents.keys.length, contents.certificates.length]).toEqual([1, 1])
      let refused = 0
      for (let i = 0; i < file.length * 8; i += 3) {
        const changed = file.map((octet, at) => (at === i >> 3 ? octet ^ (1 << (i & 7)) : octet))
        const outcome = attempt(() => parsePkcs12(changed, { crypto }))
        if (outcome instanceof Error) {
          expect(outcome).toBeInstanceOf(TypeError)
          refused++
        }
      }
      // What holds the parts together.
      expect(refused).toBeGreaterThan(300)
    }
  })

  it('may not cost more in all than one part of it may', () => {
    const costly = (iterations: number) => part.plain(bag.shrouded(pkcs8, { ...locked, iterations }))
    const file = (...parts: readonly Uint8Array[]) => pfx(parts, mac({ password: passphrase }))
    const open = (bytes: Uint8Array) => () => parsePkcs12(bytes, { crypto, passphrase })
    expect(open(file(costly(2_500_000)))).toThrow(/more than 2500000 rounds/)
    expect(open(file(...Array.from({ length: 5 }, () => costly(10)), costly(2_499_950)))).toThrow(/more than 2500000 rounds/)
    // A MAC key of 1024 octets takes 16 runs of SHA-512, and leaves too little for the rest.
    const long = (rest: number) => pfx([costly(rest)], p12.pbmac1(passphrase, 1024, 10))
    expect(open(long(2_499_841))).toThrow(/more than 2500000 rounds/)
    expect(open(long(10))().keys).toHaveLength(1)
    expect(open(pfx([], mac({ password: passphrase, iterations: 2_500_001 })))).toThrow(/more than 2500000 rounds/)
    expect(open(pfx([], mac({ password: passphrase, iterations: 0x7fffffff })))).toThrow(/more than 2500000 rounds/)
    expect(() => parsePkcs12(pfx([], p12.pbmac1(passphrase, 2 ** 20)), { crypto, passphrase })).toThrow(/1 to 1024 bytes, not 1048576/)
  })
})

describe('an identity from a file', () => {
  const load = (...bags: readonly Uint8Array[]) => loadIdentity({ pfx: pfx([part.plain(...bags)]), crypto })
  const certificates = (...built: readonly make.Built[]) => built.map(({ der }) => bag.certificate(der))

  it.each(all)('signs with the key and shows the chain from it upwards, on $name', crypto => {
    const identity = loadIdentity({ pfx: usual, passphrase, crypto })
    expect(identity.chain).toEqual([leaf.der, ca.der, anchor.der])
    expect(identity.key.spki).toEqual(make.spkiOf(leaf.keys))
  })

  it('has its certificates in order, however the file has them, and none twice', () => {
    const orders = [
      [anchor, ca, leaf],
      [ca, leaf, anchor],
      [leaf, anchor, ca],
      [ca, leaf, leaf, ca, anchor],
    ]
    for (const order of orders) expect(load(bag.key(pkcs8), ...certificates(...order)).chain).toEqual([leaf.der, ca.der, anchor.der])
  })

  it('keeps what belongs to no chain behind it', () => {
    const stranger = make.root({ subject: 'Stranger' })
    expect(load(bag.key(pkcs8), ...certificates(stranger, ca, leaf)).chain).toEqual([leaf.der, ca.der, stranger.der])
  })

  it('begins with the certificate that the file ties to the key, where several fit', () => {
    const renewed = make.leaf(ca, { keys: leaf.keys, serial: encode(tags.integer, Uint8Array.of(9)) })
    const [id, name] = [{ id: 'k' }, { name: 'mine' }]
    const by = (key: p12.Attributes, first: p12.Attributes, second: p12.Attributes) =>
      load(bag.key(pkcs8, key), bag.certificate(leaf.der, first), bag.certificate(renewed.der, second)).chain[0]
    expect(by(id, { id: 'other' }, id)).toEqual(renewed.der)
    expect(by(id, id, { id: 'other' })).toEqual(leaf.der)
    expect(by(name, {}, name)).toEqual(renewed.der)
    expect(by({ ...id, ...name }, name, id)).toEqual(renewed.der)
    expect(by({}, {}, {})).toEqual(leaf.der)
  })

  it('needs no certificate but its own to be readable, whatever else is in the file', () => {
    const broken = Uint8Array.from(anchor.der.slice(0, -1))
    expect(load(bag.certificate(broken), bag.key(pkcs8), ...certificates(ca, leaf)).chain).toEqual([leaf.der, ca.der])
    const others = [bag.certificate(ca.der), bag.certificate(broken), bag.key(pkcs8)]
    expect(() => load(...others)).toThrow(/certificate 1 of the PKCS#12 file is malformed/)
  })

  it('has no name where the file has one that no BMPString can hold', () => {
    const { keys, certificates } = parsePkcs12(pfx([part.plain(bag.key(pkcs8, { id: 'k', name: '𝄞' }), bag.certificate(leaf.der))]), {
      crypto,
    })
    expect([keys, certificates.length]).toEqual([[{ der: pkcs8, localKeyId: '6b', friendlyName: undefined }], 1])
  })

  it('does not believe a tie to a certificate of another key', () => {
    expect(load(bag.key(pkcs8, { id: 'k' }), bag.certificate(ca.der, { id: 'k' }), bag.certificate(leaf.der)).chain[0]).toEqual(leaf.der)
  })

  it('goes by the ties alone where the provider does not know public keys', () => {
    const { importPrivateKey, ...rest } = crypto
    const blind = { ...rest, importPrivateKey: (der: Uint8Array) => ({ schemes: importPrivateKey(der).schemes }) }
    const file = pfx([part.plain(bag.key(pkcs8, { id: 'k' }), bag.certificate(ca.der), bag.certificate(leaf.der, { id: 'k' }))])
    expect(loadIdentity({ pfx: file, crypto: blind }).chain).toEqual([leaf.der, ca.der])
  })

  it('ends where certificates certify each other', () => {
    const [a, b] = [make.root({ subject: 'A', issuer: 'B' }), make.root({ subject: 'B', issuer: 'A' })]
    const end = make.leaf(a)
    const key = Uint8Array.from(end.keys.privateKey.export({ type: 'pkcs8', format: 'der' }))
    expect(load(bag.key(key), ...certificates(b, a, end)).chain).toEqual([end.der, a.der, b.der])
  })

  const other = Uint8Array.from(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'der' }))
  test.each<readonly [string, readonly Uint8Array[], RegExp]>([
    ['no key', certificates(leaf), /there is no private key in the PKCS#12 file/],
    ['two keys', [bag.key(pkcs8), bag.key(other)], /there are 2 private keys in the PKCS#12 file, where one is wanted/],
    ['no certificate', [bag.key(pkcs8)], /none of the 0 certificates .* belongs to its private key/],
    ['certificates of others', [bag.key(other), ...certificates(leaf, ca)], /none of the 2 certificates .* belongs to its private key/],
    ['a malformed certificate', [bag.key(pkcs8), bag.certificate(Uint8Array.of(1))], /certificate 0 of the PKCS#12 file is malformed/],
    ['a malformed key', [bag.key(p12.sequenceOf(p12.number(0)))], /private key/],
  ])('is refused for %s', (_, bags, message) => {
    expect(() => load(...bags)).toThrow(message)
    expect(() => load(...bags)).toThrow(TypeError)
  })
})

function macWith(oid: string): () => Uint8Array {
  return () => p12.macData(p12.sequenceOf(encodeOid(oid)), new Uint8Array(16), [p12.number(1)])
}

/** A bag with an attribute of two values. */
function twoNames(): Uint8Array {
  const names = ['a', 'b'].map(name => encode(tags.bmpString, Uint8Array.of(0, name.charCodeAt(0))))
  const attribute = p12.sequenceOf(encodeOid('1.2.840.113549.1.9.20'), encode(tags.set, ...names))
  return p12.sequenceOf(encodeOid('1.2.840.113549.1.12.10.1.1'), encode(0xa0, pkcs8), encode(tags.set, attribute))
}

/** What it gives or throws. */
function attempt(run: () => unknown): unknown {
  try {
    return run()
  } catch (error) {
    return error
  }
}
