/**
 * What the engine asks of a cryptography library. Everything here is synchronous and injected: the engine never reaches for a
 * global. What is truly remote (a key in an HSM, a signing service) is not a provider but the question `sign`.
 */

/** A code point of an IANA TLS registry. Plain numbers, so that an unknown one still has a value. */
export type CodePoint = number

export interface Hasher {
  update(data: Uint8Array): this
  /** An independent copy of the state, so that a running transcript can be read at any point. */
  clone(): Hasher
  /** The digest, `Hash.size` bytes. The hasher is spent. */
  digest(): Uint8Array
}

export interface Hash {
  readonly name: 'sha256' | 'sha384' | 'sha512'
  /** Length of a digest in bytes. */
  readonly size: number
  create(): Hasher
  /** HMAC (RFC 2104) of `data` under `key` of any length; `size` bytes. */
  hmac(key: Uint8Array, data: Uint8Array): Uint8Array
}

/** One direction's key. It holds no nonce: the record layer counts. */
export interface AeadKey {
  /** Encrypts the concatenation of `plain` and pushes ciphertext and tag, in order, to `out`. Keeps no reference to its arguments. */
  seal(nonce: Uint8Array, aad: Uint8Array, plain: readonly Uint8Array[], out: Uint8Array[]): void
  /**
   * Decrypts `sealed` (ciphertext and tag). The plaintext is the caller's: it may live inside `sealed`, whose old contents are then gone.
   * `undefined` where the tag does not fit or `sealed` is shorter than a tag; it never throws for a forgery.
   */
  open(nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined
  /** Overwrites the key material as far as the library lets it. The key is unusable afterwards. */
  destroy(): void
}

export interface Aead {
  /** Key length in bytes. */
  readonly keySize: number
  /** Tag length in bytes. */
  readonly tagSize: number
  /** How many full-size records one key may protect (RFC 9846 §5.5). */
  readonly sealLimit: number
  /** Expands a raw key of `keySize` bytes once; the key is copied. */
  key(raw: Uint8Array): AeadKey
}

export interface CipherSuite {
  readonly id: CodePoint
  /** The IANA name, `TLS_AES_128_GCM_SHA256`. */
  readonly name: string
  readonly hash: Hash
  readonly aead: Aead
}

/** An ephemeral key of the side that speaks first. */
export interface KeyPair {
  /** What goes on the wire as `key_exchange`. */
  readonly share: Uint8Array
  /** The shared secret with the peer's answer. Throws `KeyExchangeError` where the answer is not a valid share. Use once. */
  agree(peer: Uint8Array): Uint8Array
}

/** A group. KEM-shaped, so that (EC)DHE and the ML-KEM hybrids are one interface. */
export interface KeyExchange {
  readonly group: CodePoint
  /** The IANA name, `x25519`, `secp256r1`, `X25519MLKEM768`. */
  readonly name: string
  /** The client's side: a fresh key pair. */
  generate(): KeyPair
  /** The server's side: answers the client's share. Throws `KeyExchangeError` where it is not a valid share. */
  respond(peer: Uint8Array): { readonly share: Uint8Array; readonly secret: Uint8Array }
}

/** A peer's share is malformed: wrong length, not on the curve, or the result is the all-zero secret (RFC 9846 §7.4). */
export class KeyExchangeError extends Error {
  override readonly name = 'KeyExchangeError'
}

export interface SignatureVerifier {
  /** The TLS `SignatureScheme`. */
  readonly scheme: CodePoint
  /**
   * Whether `signature` over `message` fits the key in `spki`, a DER SubjectPublicKeyInfo. A key of another type, curve or
   * with other parameters than the scheme's, and a malformed key or signature, are all just `false`.
   */
  verify(spki: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean
}

/** Verifies what certificates, CRLs and OCSP responses may be signed with, and handshakes may not: TLS 1.3 has no code point for it. */
export interface CertificateVerifier {
  /** The signature algorithm, an object identifier in dotted form. */
  readonly algorithm: string
  /** As `SignatureVerifier.verify`; `algorithm` is the DER AlgorithmIdentifier with its parameters, which may be wrong: that is `false` too. */
  verify(algorithm: Uint8Array, spki: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean
}

/** With `sign` it signs in line; without, the connection raises the question `sign` (HSM, KMS, WebCrypto). */
export interface PrivateKey {
  /** The schemes that this key can sign with in TLS 1.3, preferred first. */
  readonly schemes: readonly CodePoint[]
  /** The matching public key, a DER SubjectPublicKeyInfo, where it is known: a chain that does not fit is then refused early. */
  readonly spki?: Uint8Array
  sign?(scheme: CodePoint, message: Uint8Array): Uint8Array
}

export interface Algorithms {
  /** Preferred first: the order in which a client offers and a server chooses. So it is for `groups` and `verifiers`. */
  readonly cipherSuites: readonly CipherSuite[]
  readonly groups: readonly KeyExchange[]
  /** Includes `rsa_pkcs1_*`, which TLS 1.3 allows in certificates only. */
  readonly verifiers: readonly SignatureVerifier[]
}

/** The hashes that key files name. SHA-1 is no weakness there: nothing rests on collisions. */
export type PasswordHash = 'sha1' | Hash['name']

/** What scrypt (RFC 7914 §2) is made expensive by. */
export interface ScryptParameters {
  /** N, a power of two from 2, and below 2^(16 · blockSize). */
  readonly cost: number
  /** r */
  readonly blockSize: number
  /** p */
  readonly parallelization: number
}

/**
 * What a call may cost, since the numbers come from files. `rounds`: for PBKDF2 iterations times the hashes' lengths in the key, for scrypt
 * (N + 4) · r · p; each takes about as long, and all of them some seconds. `memory`: what scrypt may take, in bytes. `length`: of a key, in bytes.
 */
export const passwordLimits = { rounds: 2_500_000, memory: 2 ** 28, length: 1024 } as const

/** Cryptography with passwords, as key files need it. A parameter out of its range, or beyond `passwordLimits`, throws `TypeError` that names it. */
export interface PasswordCryptography {
  /** PBKDF2 with HMAC (RFC 8018 §5.2): a key of `length` bytes. */
  pbkdf2(hash: PasswordHash, password: Uint8Array, salt: Uint8Array, iterations: number, length: number): Uint8Array
  /** scrypt (RFC 7914): a key of `length` bytes. */
  scrypt(password: Uint8Array, salt: Uint8Array, parameters: ScryptParameters, length: number): Uint8Array
  /**
   * AES in CBC mode (RFC 8018 §B.2.5) under a key of 16, 24 or 32 bytes and an IV of 16: the text without its padding. `undefined` where the
   * padding is wrong, as with most wrong keys, or the ciphertext is no whole number of blocks. CBC tells no forgery: whoever lets a peer see
   * which ciphertexts are refused has told it the text.
   */
  decryptAesCbc(key: Uint8Array, iv: Uint8Array, ciphertext: Uint8Array): Uint8Array | undefined
  digest(hash: PasswordHash, data: Uint8Array): Uint8Array
  /** Whether `mac` is the HMAC (RFC 2104) of `data`, found in a time that does not depend on where they differ. */
  verifyHmac(hash: PasswordHash, key: Uint8Array, data: Uint8Array, mac: Uint8Array): boolean
}

/** The algorithms here are the defaults: offered, chosen and accepted wherever an application names none itself. */
export interface CryptoProvider extends Algorithms {
  readonly name: string
  /**
   * Algorithms for whoever asks for them by name; nothing here is in use otherwise. They are rare, slow or new: a hello that offered
   * them all would be larger, and every peer's choice wider, for no one's good. None is among the defaults too.
   */
  readonly optional?: Algorithms
  /** Whether every AEAD's `open` leaves `sealed` as it was. Default: false, it may decrypt in place. */
  readonly leavesSealed?: boolean
  /** Left out, encrypted keys and PKCS#12 files can't be read. */
  readonly passwords?: PasswordCryptography
  /** For chains of certificates: ECDSA with a hash that is not of the curve's own size. */
  readonly certificateVerifiers?: readonly CertificateVerifier[]
  /** `size` bytes from a cryptographically secure source. */
  random(size: number): Uint8Array
  /**
   * A private key from DER PKCS#8 (RFC 5958), which is copied and may be overwritten then; also one that signs with an optional scheme:
   * whoever has such a key names it by using it.
   * Throws `TypeError` that names what is wrong with it.
   */
  importPrivateKey(pkcs8: Uint8Array): PrivateKey
}
