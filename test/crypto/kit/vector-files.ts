/** Every file of Wycheproof that speaks of a primitive in use, and how a provider is held against it. */
import { constantTimeEqual } from '../../../src/crypto/constant-time.ts'
import type { DiffieHellmanGroup } from '../../../src/crypto/key-exchange.ts'
import { type Aead, type CryptoProvider, type Hash, KeyExchangeError } from '../../../src/crypto/provider.ts'
import { hkdfExpand, hkdfExtract } from '../../../src/schedule/hkdf.ts'
import { allOf } from './algorithms.ts'
import { type Fields, hex, type VectorFile } from './wycheproof.ts'

export function vectorFiles(provider: CryptoProvider): readonly VectorFile[] {
  return [
    { file: 'aes_gcm', run: aead(provider, 'GCM') },
    { file: 'aes_ccm', run: aead(provider, 'CCM') },
    { file: 'chacha20_poly1305', run: aead(provider, 'CHACHA20') },
    { file: 'hmac_sha256', run: hmac(hashOf(provider, 'sha256')) },
    { file: 'hmac_sha384', run: hmac(hashOf(provider, 'sha384')) },
    { file: 'hkdf_sha256', run: hkdf(hashOf(provider, 'sha256')) },
    { file: 'hkdf_sha384', run: hkdf(hashOf(provider, 'sha384')) },
    { file: 'x25519', run: exchange(provider, 'x25519', 32), acceptable: acceptableX25519 },
    { file: 'x448', run: exchange(provider, 'x448', 56), acceptable: acceptableX448 },
    { file: 'ecdh_secp256r1_ecpoint', run: exchange(provider, 'secp256r1', 32), acceptable: acceptablePoint },
    { file: 'ecdh_secp384r1_ecpoint', run: exchange(provider, 'secp384r1', 48), acceptable: acceptablePoint },
    { file: 'ecdh_secp521r1_ecpoint', run: exchange(provider, 'secp521r1', 66), acceptable: acceptablePoint },
    { file: 'ecdsa_secp256r1_sha256', run: signature(provider, () => 0x0403) },
    { file: 'ecdsa_secp384r1_sha384', run: signature(provider, () => 0x0503) },
    { file: 'ecdsa_secp521r1_sha512', run: signature(provider, () => 0x0603) },
    { file: 'ed25519', run: signature(provider, () => 0x0807) },
    { file: 'ed448', run: signature(provider, () => 0x0808) },
    ...['2048', '3072', '4096', '8192'].flatMap(size =>
      ['sha256', 'sha384', 'sha512'].map(hash => ({
        file: `rsa_signature_${size}_${hash}`,
        run: signature(provider, group => pkcs1Schemes[String(group.sha)]),
        acceptable: acceptablePkcs1,
      })),
    ),
    ...['1024', '1536', '2048', '3072', '4096'].map(size => ({
      file: `rsa_pkcs1_${size}_sig_gen`,
      run: ownKey(provider),
      acceptable: acceptableOwnKey,
    })),
    ...pssFiles.map(file => ({ file, run: pss(provider), wanted: pssWanted })),
  ]
}

/** The end at zero must be refused (RFC 9846 §7.4.2). Else RFC 7748 §5 has every string of 32 bytes accepted. */
const acceptableX25519 = {
  ZeroSharedSecret: false,
  LowOrderPublic: false,
  Twist: true,
  NonCanonicalPublic: true,
  SpecialPublicKey: true,
  SmallPublicKey: true,
  EdgeCaseShared: true,
  EdgeCaseMultiplication: true,
  Ktv: true,
}

/** As above, but some points of the file are of low order only where a bit is masked, which X448 does not do: their end is not zero. */
const acceptableX448 = { ...acceptableX25519, LowOrderPublic: true }

/** A share is an uncompressed point (RFC 9846 §4.2.8.2). */
const acceptablePoint = { CompressedPublic: false, CompressedPoint: false }

/** The signature is compared whole with the encoding of RFC 8017 §9.2, whose parameters are NULL. */
const acceptablePkcs1 = { MissingNull: false }

/** 3 is an exponent of RFC 8017; a modulus of fewer than 2048 bits is too weak. */
const acceptableOwnKey = { SmallPublicKey: true, SmallModulus: false }

const pkcs1Schemes: Readonly<Record<string, number>> = { 'SHA-256': 0x0401, 'SHA-384': 0x0501, 'SHA-512': 0x0601 }

const pssFiles = [
  ...['sha1_mgf1_20', 'sha256_mgf1_0', 'sha256_mgf1_32'].flatMap(name => [`rsa_pss_2048_${name}`, `rsa_pss_2048_${name}_params`]),
  'rsa_pss_2048_sha256_mgf1sha1_20',
  'rsa_pss_2048_sha384_mgf1_48',
  'rsa_pss_2048_sha512_224_mgf1_28',
  'rsa_pss_2048_sha512_256_mgf1_32',
  'rsa_pss_2048_sha512_mgf1sha256_32_params',
  'rsa_pss_3072_sha256_mgf1_32',
  'rsa_pss_3072_sha256_mgf1_32_params',
  'rsa_pss_4096_sha256_mgf1_32',
  'rsa_pss_4096_sha384_mgf1_48',
  'rsa_pss_4096_sha512_mgf1_32',
  'rsa_pss_4096_sha512_mgf1_32_params',
  'rsa_pss_4096_sha512_mgf1_64',
  'rsa_pss_4096_sha512_mgf1_64_params',
  'rsa_pss_misc',
  'rsa_pss_misc_params',
]

/** TLS has one hash for message and mask, and a salt of its length (RFC 9846 §4.2.3): whatever else a file holds must be refused. */
const pssHashes: Readonly<Record<string, { readonly size: number; readonly schemes: readonly [number, number] }>> = {
  'SHA-256': { size: 32, schemes: [0x0804, 0x0809] },
  'SHA-384': { size: 48, schemes: [0x0805, 0x080a] },
  'SHA-512': { size: 64, schemes: [0x0806, 0x080b] },
}

function pssWanted(group: Fields, test: Fields): boolean | undefined {
  const hash = pssHashes[String(group.sha)]
  if (hash === undefined || group.mgfSha !== group.sha) return false
  // In a file of another length, the signature made invalid by a salt of just this length is the one that TLS takes.
  return group.sLen === hash.size ? undefined : test.comment === `s_len changed to ${hash.size}`
}

type Run = VectorFile['run']

function aead(provider: CryptoProvider, cipher: string): Run {
  return (group, test) => {
    const suite = allOf(provider).cipherSuites.find(
      ({ name, aead }) => name.includes(cipher) && aead.keySize * 8 === group.keySize && aead.tagSize * 8 === group.tagSize,
    )
    if (suite === undefined || group.ivSize !== 96) return undefined
    return sealsAndOpens(suite.aead, test)
  }
}

function sealsAndOpens(aead: Aead, test: Fields): boolean {
  const [nonce, aad, message] = [hex(test, 'iv'), hex(test, 'aad'), hex(test, 'msg')]
  const sealed = new Uint8Array([...hex(test, 'ct'), ...hex(test, 'tag')])
  const key = aead.key(hex(test, 'key'))
  const parts: Uint8Array[] = []
  key.seal(nonce, aad, [message], parts)
  const seals = same(new Uint8Array(Buffer.concat(parts)), sealed)
  const opened = key.open(nonce, aad, sealed)
  if (opened === undefined) return seals
  if (!seals || !same(opened, message)) throw new Error('Opens, but to another text')
  return true
}

function hmac(hash: Hash): Run {
  return (group, test) => {
    const tag = hex(test, 'tag')
    return tag.length * 8 === group.tagSize && same(hash.hmac(hex(test, 'key'), hex(test, 'msg')).subarray(0, tag.length), tag)
  }
}

function hkdf(hash: Hash): Run {
  return (_group, test) => {
    try {
      const secret = hkdfExtract(hash, hex(test, 'salt'), hex(test, 'ikm'))
      return same(hkdfExpand(hash, secret, hex(test, 'info'), test.size as number), hex(test, 'okm'))
    } catch (error) {
      if (error instanceof TypeError) return false
      throw error
    }
  }
}

function exchange(provider: CryptoProvider, name: string, privateSize: number): Run {
  const group = diffieHellman(provider, name)
  return (_group, test) => {
    const pair = group.pairOf(ofSize(hex(test, 'private'), privateSize))
    try {
      if (!same(pair.agree(hex(test, 'public')), hex(test, 'shared'))) throw new Error('Agrees, but on another secret')
      return true
    } catch (error) {
      if (error instanceof KeyExchangeError) return false
      throw error
    }
  }
}

function signature(provider: CryptoProvider, schemeOf: (group: Fields) => number | undefined): Run {
  return (group, test) => {
    const verifier = allOf(provider).verifiers.find(one => one.scheme === schemeOf(group))
    return verifier?.verify(hex(group, 'publicKeyDer'), hex(test, 'msg'), hex(test, 'sig'))
  }
}

/** Files with private keys: the key is imported, and its public half verifies the signatures. */
function ownKey(provider: CryptoProvider): Run {
  return (group, test) => {
    const verifier = provider.verifiers.find(one => one.scheme === pkcs1Schemes[String(group.sha)])
    if (verifier === undefined) return undefined
    try {
      const { spki } = provider.importPrivateKey(hex(group, 'privateKeyPkcs8'))
      return spki !== undefined && verifier.verify(spki, hex(test, 'msg'), hex(test, 'sig'))
    } catch (error) {
      if (error instanceof TypeError) return false
      throw error
    }
  }
}

/** Whether any of the PSS schemes, the fitting one among them, takes the signature. */
function pss(provider: CryptoProvider): Run {
  const verifiers = provider.verifiers.filter(({ scheme }) => scheme >= 0x0804 && scheme <= 0x080b && scheme !== 0x0807)
  return (group, test) => {
    const fitting = pssHashes[String(group.sha)]?.schemes[group.type === 'RsassaPssVerify' ? 0 : 1]
    const [spki, message, sig] = [hex(group, 'publicKeyDer'), hex(test, 'msg'), hex(test, 'sig')]
    const takers = verifiers.filter(verifier => verifier.verify(spki, message, sig)).map(({ scheme }) => scheme)
    if (takers.some(scheme => scheme !== fitting)) throw new Error(`The schemes ${takers} take it`)
    return takers.length > 0
  }
}

function hashOf(provider: CryptoProvider, name: Hash['name']): Hash {
  const suite = provider.cipherSuites.find(({ hash }) => hash.name === name)
  if (suite === undefined) throw new Error(`${provider.name} has no ${name}`)
  return suite.hash
}

export function diffieHellman(provider: CryptoProvider, name: string): DiffieHellmanGroup {
  const group = allOf(provider).groups.find(one => one.name === name)
  if (group === undefined || !('pairOf' in group)) throw new Error(`${provider.name} has no ${name} that takes a private key`)
  return group as DiffieHellmanGroup
}

/** An integer at another length: Wycheproof writes private keys as short, or with as many zeros, as it likes. */
function ofSize(bytes: Uint8Array, size: number): Uint8Array {
  const result = new Uint8Array(size)
  const kept = bytes.subarray(Math.max(0, bytes.length - size))
  result.set(kept, size - kept.length)
  return result
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return constantTimeEqual(a, b)
}
