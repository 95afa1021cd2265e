/** X25519 and the curves P-256, P-384 and P-521 on @noble/curves. */

import type { MontgomeryECDH } from '@noble/curves/abstract/montgomery.js'
import type { ECDSA } from '@noble/curves/abstract/weierstrass.js'
import { type DiffieHellmanGroup, diffieHellmanGroup, SECP256R1, SECP384R1, SECP521R1, X448, X25519 } from '../key-exchange.ts'
import type { CodePoint, KeyPair } from '../provider.ts'
import type { Curves } from './curves.ts'
import type { Curves448 } from './curves448.ts'

export interface NobleGroups {
  readonly x25519: DiffieHellmanGroup
  readonly secp256r1: DiffieHellmanGroup
  readonly secp384r1: DiffieHellmanGroup
  readonly secp521r1: DiffieHellmanGroup
}

export function nobleGroups(curves: Curves, random: (size: number) => Uint8Array): NobleGroups {
  return {
    x25519: montgomeryGroup(X25519, curves.x25519, random),
    secp256r1: curveGroup(SECP256R1, curves.secp256r1, random),
    secp384r1: curveGroup(SECP384R1, curves.secp384r1, random),
    secp521r1: curveGroup(SECP521R1, curves.secp521r1, random),
  }
}

export function x448Group({ x448 }: Curves448, random: (size: number) => Uint8Array): DiffieHellmanGroup {
  return montgomeryGroup(X448, x448, random)
}

function montgomeryGroup(group: CodePoint, curve: MontgomeryECDH, random: (size: number) => Uint8Array): DiffieHellmanGroup {
  function pairOf(privateKey: Uint8Array): KeyPair {
    return {
      share: curve.getPublicKey(privateKey),
      // noble refuses the points of small order, which are those that end at zero.
      agree: peer => erasing(privateKey, () => curve.getSharedSecret(privateKey, peer)),
    }
  }
  return diffieHellmanGroup(group, {
    generate: () => pairOf(random(curve.lengths.secretKey ?? 0).slice()),
    pairOf: privateKey => pairOf(privateKey.slice()),
  })
}

function curveGroup(group: CodePoint, curve: ECDSA, random: (size: number) => Uint8Array): DiffieHellmanGroup {
  function pairOf(privateKey: Uint8Array): KeyPair {
    return {
      share: curve.getPublicKey(privateKey, false),
      // The secret is the x-coordinate alone (RFC 9846 §7.4.2): noble gives the point, here with its prefix byte.
      agree: peer => erasing(privateKey, () => curve.getSharedSecret(privateKey, peer, true).slice(1)),
    }
  }
  return diffieHellmanGroup(group, {
    generate: () => pairOf(curve.utils.randomSecretKey(random(curve.lengths.seed ?? 0))),
    pairOf: privateKey => pairOf(privateKey.slice()),
  })
}

/** Erases the private key once it has served. */
function erasing<T>(privateKey: Uint8Array, use: () => T): T {
  try {
    return use()
  } finally {
    privateKey.fill(0)
  }
}
