/** What the groups of both providers share: the checks around a Diffie-Hellman exchange, and the hybrids with ML-KEM. */
import { concat } from '../wire/bytes.ts'
import { groupNames } from './code-points.ts'
import type { Kem } from './ml-kem.ts'
import { type CodePoint, type KeyExchange, KeyExchangeError, type KeyPair } from './provider.ts'

export const SECP256R1 = 0x0017
export const SECP384R1 = 0x0018
export const SECP521R1 = 0x0019
export const X25519 = 0x001d
export const X448 = 0x001e
export const SECP256R1MLKEM768 = 0x11eb
export const X25519MLKEM768 = 0x11ec
export const SECP384R1MLKEM1024 = 0x11ed

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
 * (RFC 9846 §4.3.8.2). That it lies on the curve, and that X25519 and X448 do not end at zero (§7.4.2), is the library's part.
 */
export function diffieHellmanGroup(group: CodePoint, library: DiffieHellman): DiffieHellmanGroup {
  const name = nameOf(group)
  const { publicSize, privateSize, isPoint } = shapeOf(group)

  function guarded(pair: KeyPair): KeyPair {
    let spent = false
    return {
      share: pair.share,
      agree(peer) {
        if (spent) throw new TypeError('A key pair serves one exchange; this one has served')
        spent = true
        if (peer.length !== publicSize) throw new KeyExchangeError(`A share of ${name} has ${publicSize} bytes, not ${peer.length}`)
        if (isPoint && peer[0] !== 4) throw new KeyExchangeError(`The share of ${name} is not an uncompressed point`)
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

/** draft-ietf-tls-ecdhe-mlkem. In the shares and in the secret, the part of X25519MLKEM768 that comes first is ML-KEM's. */
export function x25519MlKem768(x25519: DiffieHellmanGroup, mlKem768: Kem): KeyExchange {
  return hybrid({ group: X25519MLKEM768, curve: x25519, kem: mlKem768, kemFirst: true })
}

/** As above, but the part that comes first is the curve's; so it is below. */
export function secp256r1MlKem768(secp256r1: DiffieHellmanGroup, mlKem768: Kem): KeyExchange {
  return hybrid({ group: SECP256R1MLKEM768, curve: secp256r1, kem: mlKem768, kemFirst: false })
}

export function secp384r1MlKem1024(secp384r1: DiffieHellmanGroup, mlKem1024: Kem): KeyExchange {
  return hybrid({ group: SECP384R1MLKEM1024, curve: secp384r1, kem: mlKem1024, kemFirst: false })
}

interface Hybrid {
  readonly group: CodePoint
  readonly curve: DiffieHellmanGroup
  readonly kem: Kem
  readonly kemFirst: boolean
}

function hybrid({ group, curve, kem, kemFirst }: Hybrid): KeyExchange {
  const name = nameOf(group)
  const pointSize = shapeOf(curve.group).publicSize

  function join(ofKem: Uint8Array, ofCurve: Uint8Array): Uint8Array {
    return kemFirst ? concat(ofKem, ofCurve) : concat(ofCurve, ofKem)
  }

  function joinSecrets(ofKem: Uint8Array, ofCurve: Uint8Array): Uint8Array {
    const both = join(ofKem, ofCurve)
    ofKem.fill(0)
    ofCurve.fill(0)
    return both
  }

  /** ML-KEM's part, of `kemSize` bytes, and the curve's. */
  function split(share: Uint8Array, kemSize: number): readonly [Uint8Array, Uint8Array] {
    const size = kemSize + pointSize
    if (share.length !== size) throw new KeyExchangeError(`This share of ${name} has ${size} bytes, not ${share.length}`)
    const cut = kemFirst ? kemSize : pointSize
    const [first, second] = [share.subarray(0, cut), share.subarray(cut)]
    return kemFirst ? [first, second] : [second, first]
  }

  return {
    group,
    name,
    generate() {
      const kemPair = kem.generate()
      const curvePair = curve.generate()
      return {
        share: join(kemPair.encapsulationKey, curvePair.share),
        agree(peer) {
          const [ciphertext, point] = split(peer, kem.ciphertextSize)
          return joinSecrets(kemPair.decapsulate(ciphertext), curvePair.agree(point))
        },
      }
    },
    respond(peer) {
      const [encapsulationKey, point] = split(peer, kem.encapsulationKeySize)
      const ofKem = kem.encapsulate(encapsulationKey)
      const ofCurve = curve.respond(point)
      return { share: join(ofKem.ciphertext, ofCurve.share), secret: joinSecrets(ofKem.secret, ofCurve.secret) }
    },
  }
}

function nameOf(group: CodePoint): string {
  const name = groupNames.get(group)
  if (name === undefined) throw new TypeError(`No group has the code point ${group}`)
  return name
}

interface Shape {
  readonly publicSize: number
  readonly privateSize: number
  /** A share is an uncompressed point, not a coordinate alone. */
  readonly isPoint: boolean
}

function shapeOf(group: CodePoint): Shape {
  switch (group) {
    case X25519:
      return { publicSize: 32, privateSize: 32, isPoint: false }
    case X448:
      return { publicSize: 56, privateSize: 56, isPoint: false }
    case SECP256R1:
      return { publicSize: 65, privateSize: 32, isPoint: true }
    case SECP384R1:
      return { publicSize: 97, privateSize: 48, isPoint: true }
    case SECP521R1:
      return { publicSize: 133, privateSize: 66, isPoint: true }
    default:
      throw new TypeError(`${nameOf(group)} is not a Diffie-Hellman group that a provider has`)
  }
}
