/** What the groups of both providers share: the checks around a Diffie-Hellman exchange, and the hybrid with ML-KEM. */
import { groupNames } from './code-points.ts'
import { mlKem768 } from './ml-kem.ts'
import { type CodePoint, type KeyExchange, KeyExchangeError, type KeyPair } from './provider.ts'

export const SECP256R1 = 0x0017
export const SECP384R1 = 0x0018
export const SECP521R1 = 0x0019
export const X25519 = 0x001d
export const X25519MLKEM768 = 0x11ec

/** A group of Diffie-Hellman's kind, where a key pair can also be made of a given private key: published exchanges replay so. */
export interface DiffieHellmanGroup extends KeyExchange {
  /** `privateKey` is as RFC 7748 or SEC 1 encode it, at full length. Throws `TypeError` where it is none. */
  pairOf(privateKey: Uint8Array): KeyPair
}

/** What a library does for a Diffie-Hellman group. It may throw anything where a private key, or a peer's share, is not valid. */
export interface DiffieHellman {
  generate(): KeyPair
  pairOf(privateKey: Uint8Array): KeyPair
}

/**
 * A group that refuses, whatever the library lets pass, shares of another length or form: a point is uncompressed
 * (RFC 9846 §4.2.8.2). That it lies on the curve, and that X25519 does not end at zero (§7.4.2), is the library's part.
 */
export function diffieHellmanGroup(group: CodePoint, library: DiffieHellman): DiffieHellmanGroup {
  const name = nameOf(group)
  const { publicSize, privateSize } = sizesOf(group)

  function guarded(pair: KeyPair): KeyPair {
    let spent = false
    return {
      share: pair.share,
      agree(peer) {
        if (spent) throw new TypeError('A key pair serves one exchange; this one has served')
        spent = true
        if (peer.length !== publicSize) throw new KeyExchangeError(`A share of ${name} has ${publicSize} bytes, not ${peer.length}`)
        if (group !== X25519 && peer[0] !== 4) throw new KeyExchangeError(`The share of ${name} is not an uncompressed point`)
        try {
          return pair.agree(peer)
        } catch (cause) {
          throw new KeyExchangeError(`The share is not a valid public key of ${name}`, { cause })
        }
      },
    }
  }

  return {
    group,
    name,
    generate: () => guarded(library.generate()),
    respond(peer) {
      const pair = guarded(library.generate())
      return { share: pair.share, secret: pair.agree(peer) }
    },
    pairOf(privateKey) {
      if (privateKey.length !== privateSize) {
        throw new TypeError(`A private key of ${name} has ${privateSize} bytes, not ${privateKey.length}`)
      }
      try {
        return guarded(library.pairOf(privateKey))
      } catch (cause) {
        throw new TypeError(`The private key is not one of ${name}`, { cause })
      }
    },
  }
}

/** X25519MLKEM768 (draft-ietf-tls-ecdhe-mlkem). Everywhere ML-KEM's part comes first and X25519's second. */
export function x25519MlKem768(x25519: DiffieHellmanGroup, random: (size: number) => Uint8Array): KeyExchange {
  const name = nameOf(X25519MLKEM768)
  return {
    group: X25519MLKEM768,
    name,
    generate() {
      const kem = mlKem768.pairOf(random(mlKem768.seedSize))
      const curve = x25519.generate()
      return {
        share: join(kem.encapsulationKey, curve.share),
        agree(peer) {
          const [ciphertext, point] = split(name, peer, mlKem768.ciphertextSize)
          return joinSecrets(kem.decapsulate(ciphertext), curve.agree(point))
        },
      }
    },
    respond(peer) {
      const [encapsulationKey, point] = split(name, peer, mlKem768.encapsulationKeySize)
      const kem = mlKem768.encapsulate(encapsulationKey, random(mlKem768.coinsSize))
      const curve = x25519.respond(point)
      return { share: join(kem.ciphertext, curve.share), secret: joinSecrets(kem.secret, curve.secret) }
    },
  }
}

function nameOf(group: CodePoint): string {
  const name = groupNames.get(group)
  if (name === undefined) throw new TypeError(`No group has the code point ${group}`)
  return name
}

function sizesOf(group: CodePoint): { readonly publicSize: number; readonly privateSize: number } {
  switch (group) {
    case X25519:
      return { publicSize: 32, privateSize: 32 }
    case SECP256R1:
      return { publicSize: 65, privateSize: 32 }
    case SECP384R1:
      return { publicSize: 97, privateSize: 48 }
    case SECP521R1:
      return { publicSize: 133, privateSize: 66 }
    default:
      throw new TypeError(`${nameOf(group)} is not a Diffie-Hellman group that a provider has`)
  }
}

const x25519ShareSize = 32

function split(name: string, share: Uint8Array, kemSize: number): readonly [Uint8Array, Uint8Array] {
  const size = kemSize + x25519ShareSize
  if (share.length !== size) throw new KeyExchangeError(`This share of ${name} has ${size} bytes, not ${share.length}`)
  return [share.subarray(0, kemSize), share.subarray(kemSize)]
}

function joinSecrets(kem: Uint8Array, curve: Uint8Array): Uint8Array {
  const both = join(kem, curve)
  kem.fill(0)
  curve.fill(0)
  return both
}

function join(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length)
  both.set(first)
  both.set(second, first.length)
  return both
}
