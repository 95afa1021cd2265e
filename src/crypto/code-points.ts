/** The IANA names of what TLS 1.3 negotiates, whether a provider here has it or not: traces and errors name what a peer offered. */
import type { CodePoint } from './provider.ts'

export type CodePointNames = ReadonlyMap<CodePoint, string>

/** TLS Cipher Suites registry: those of TLS 1.3 (RFC 9846 Appendix B.4). */
export const cipherSuiteNames: CodePointNames = new Map([
  [0x1301, 'TLS_AES_128_GCM_SHA256'],
  [0x1302, 'TLS_AES_256_GCM_SHA384'],
  [0x1303, 'TLS_CHACHA20_POLY1305_SHA256'],
  [0x1304, 'TLS_AES_128_CCM_SHA256'],
  [0x1305, 'TLS_AES_128_CCM_8_SHA256'],
])

/** TLS Supported Groups registry: those of RFC 9846 §4.3.7, and the hybrids with ML-KEM. */
export const groupNames: CodePointNames = new Map([
  [0x0017, 'secp256r1'],
  [0x0018, 'secp384r1'],
  [0x0019, 'secp521r1'],
  [0x001d, 'x25519'],
  [0x001e, 'x448'],
  [0x0100, 'ffdhe2048'],
  [0x0101, 'ffdhe3072'],
  [0x0102, 'ffdhe4096'],
  [0x0103, 'ffdhe6144'],
  [0x0104, 'ffdhe8192'],
  [0x11eb, 'SecP256r1MLKEM768'],
  [0x11ec, 'X25519MLKEM768'],
  [0x11ed, 'SecP384r1MLKEM1024'],
])

/** What a cipher suite of TLS 1.3 is made of. */
export interface CipherSuiteParts {
  /** The AEAD that protects records. */
  readonly algorithm: 'AES-GCM' | 'AES-CCM' | 'ChaCha20-Poly1305'
  readonly keyBits: number
  /** How much of each record proves that it was not changed. */
  readonly tagBits: number
  /** Of the key schedule and the transcript. */
  readonly hash: 'sha256' | 'sha384'
  readonly hashBits: number
}

/** By IANA name, as `ConnectionInfo.cipherSuite` has it (RFC 9846 Appendix B.4). */
export const cipherSuites: ReadonlyMap<string, CipherSuiteParts> = new Map([
  ['TLS_AES_128_GCM_SHA256', suite('AES-GCM', 128, 128, 'sha256')],
  ['TLS_AES_256_GCM_SHA384', suite('AES-GCM', 256, 128, 'sha384')],
  ['TLS_CHACHA20_POLY1305_SHA256', suite('ChaCha20-Poly1305', 256, 128, 'sha256')],
  ['TLS_AES_128_CCM_SHA256', suite('AES-CCM', 128, 128, 'sha256')],
  ['TLS_AES_128_CCM_8_SHA256', suite('AES-CCM', 128, 64, 'sha256')],
])

/** What a group exchanges keys with. */
export interface NamedGroupParts {
  readonly algorithm: 'ECDHE' | 'DHE'
  /** Of the prime field, which the group is named after: 256 for `secp256r1`, 255 for `x25519`; of a hybrid, its curve's. */
  readonly bits: number
  /** What a hybrid has beside its curve: the secret holds as long as one of the two does. */
  readonly kem: 'ML-KEM-768' | 'ML-KEM-1024' | undefined
}

/** By IANA name, as `ConnectionInfo.group` has it (RFC 9846 §4.3.7, and the hybrids with ML-KEM). */
export const namedGroups: ReadonlyMap<string, NamedGroupParts> = new Map([
  ['secp256r1', group('ECDHE', 256)],
  ['secp384r1', group('ECDHE', 384)],
  ['secp521r1', group('ECDHE', 521)],
  ['x25519', group('ECDHE', 255)],
  ['x448', group('ECDHE', 448)],
  ['ffdhe2048', group('DHE', 2048)],
  ['ffdhe3072', group('DHE', 3072)],
  ['ffdhe4096', group('DHE', 4096)],
  ['ffdhe6144', group('DHE', 6144)],
  ['ffdhe8192', group('DHE', 8192)],
  ['SecP256r1MLKEM768', group('ECDHE', 256, 'ML-KEM-768')],
  ['X25519MLKEM768', group('ECDHE', 255, 'ML-KEM-768')],
  ['SecP384r1MLKEM1024', group('ECDHE', 384, 'ML-KEM-1024')],
])

/** TLS SignatureScheme registry: those of RFC 9846 §4.3.3, and ML-DSA. */
export const signatureSchemeNames: CodePointNames = new Map([
  [0x0201, 'rsa_pkcs1_sha1'],
  [0x0203, 'ecdsa_sha1'],
  [0x0401, 'rsa_pkcs1_sha256'],
  [0x0403, 'ecdsa_secp256r1_sha256'],
  [0x0501, 'rsa_pkcs1_sha384'],
  [0x0503, 'ecdsa_secp384r1_sha384'],
  [0x0601, 'rsa_pkcs1_sha512'],
  [0x0603, 'ecdsa_secp521r1_sha512'],
  [0x0804, 'rsa_pss_rsae_sha256'],
  [0x0805, 'rsa_pss_rsae_sha384'],
  [0x0806, 'rsa_pss_rsae_sha512'],
  [0x0807, 'ed25519'],
  [0x0808, 'ed448'],
  [0x0809, 'rsa_pss_pss_sha256'],
  [0x080a, 'rsa_pss_pss_sha384'],
  [0x080b, 'rsa_pss_pss_sha512'],
  [0x0904, 'mldsa44'],
  [0x0905, 'mldsa65'],
  [0x0906, 'mldsa87'],
])

/** The code point that a registry gives `name`, exactly as IANA spells it; `undefined` where it has none. */
export function codePointOf(names: CodePointNames, name: string): CodePoint | undefined {
  for (const [code, known] of names) if (known === name) return code
  return undefined
}

function suite(
  algorithm: CipherSuiteParts['algorithm'],
  keyBits: number,
  tagBits: number,
  hash: CipherSuiteParts['hash'],
): CipherSuiteParts {
  return { algorithm, keyBits, tagBits, hash, hashBits: hash === 'sha256' ? 256 : 384 }
}

function group(algorithm: NamedGroupParts['algorithm'], bits: number, kem?: NamedGroupParts['kem']): NamedGroupParts {
  return { algorithm, bits, kem }
}
