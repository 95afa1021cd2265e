/**
 * The bare calls on @noble's libraries, with the curves as the provider sets them up: noble's ready-made X25519 takes longer for a public key.
 * RSA is none of noble's: there the provider's own arithmetic is called.
 */
import { randomFillSync } from 'node:crypto'
import { gcm } from '@noble/ciphers/aes.js'
import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js'
import { createCurves } from '../../src/crypto/noble/curves.ts'
import { sha256 as hash } from '../../src/crypto/noble/hashes.ts'
import { type PrivateKeyInfo, readPrivateKey } from '../../src/crypto/pkcs8.ts'
import { signPss, verifyPss } from '../../src/crypto/rsa.ts'
import type { BareCrypto } from './bare.ts'
import type { Credentials, Scenario } from './scenarios.ts'

export function bareNoble(scenario: Scenario, credentials: Credentials): BareCrypto {
  const exchange = scenario.group === 'x25519' ? x25519 : x25519MlKem768
  return { ...exchange, ...hashing, ...signing(credentials), ...records }
}

type Exchange = Pick<BareCrypto, 'generate' | 'respond'>

function random(size: number): Uint8Array {
  return randomFillSync(new Uint8Array(size))
}

const curves = createCurves(random)

const x25519: Exchange = {
  generate() {
    const secret = random(32)
    return { share: curves.x25519.getPublicKey(secret), agree: peer => curves.x25519.getSharedSecret(secret, peer) }
  },
  respond(peer) {
    const pair = x25519.generate()
    return { share: pair.share, secret: pair.agree(peer) }
  },
}

const x25519MlKem768: Exchange = {
  generate() {
    const { publicKey, secretKey } = ml_kem768.keygen(random(64))
    const pair = x25519.generate()
    return {
      share: joined(publicKey, pair.share),
      agree: peer => joined(ml_kem768.decapsulate(peer.subarray(0, -32), secretKey), pair.agree(peer.subarray(-32))),
    }
  },
  respond(peer) {
    const { cipherText, sharedSecret } = ml_kem768.encapsulate(peer.subarray(0, -32), random(32))
    const answer = x25519.respond(peer.subarray(-32))
    return { share: joined(cipherText, answer.share), secret: joined(sharedSecret, answer.secret) }
  },
}

const hashing: Pick<BareCrypto, 'random' | 'transcript' | 'hmac'> = {
  random,
  transcript() {
    const running = sha256.create()
    return { add: message => running.update(message), digest: () => running.clone().digest() }
  },
  hmac: (key, data) => hmac(sha256, key, data),
}

function signing({ server, intermediate }: Credentials): Pick<BareCrypto, 'sign' | 'verify' | 'verifyCertificate'> {
  const issuer = signerOf(readPrivateKey(intermediate.privateKeyPkcs8))
  const certificate = server.certificateDer
  const signature = issuer.sign(certificate)
  return { ...signerOf(readPrivateKey(server.privateKeyPkcs8)), verifyCertificate: () => issuer.verify(certificate, signature) }
}

function signerOf(key: PrivateKeyInfo): Pick<BareCrypto, 'sign' | 'verify'> {
  switch (key.type) {
    case 'rsa':
      return {
        sign: content => signPss(key.key, hash, content, { random }),
        verify: (content, signature) => verifyPss(key.key, hash, content, signature),
      }
    case 'ed25519': {
      const publicKey = curves.ed25519.getPublicKey(key.secret)
      return {
        sign: content => curves.ed25519.sign(content, key.secret),
        verify: (content, signature) => curves.ed25519.verify(signature, content, publicKey),
      }
    }
    case 'ec': {
      const { secp256r1 } = curves
      const point = secp256r1.getPublicKey(key.secret, false)
      return {
        sign: content => secp256r1.sign(content, key.secret, { format: 'der', extraEntropy: random(32) }),
        verify: (content, signature) => secp256r1.verify(signature, content, point, { format: 'der' }),
      }
    }
    default:
      throw new TypeError(`no bare calls for keys of type ${key.type}`)
  }
}

const recordKey = new Uint8Array(32).fill(8)
const ticket = gcm(recordKey, new Uint8Array(12), new Uint8Array(16)).encrypt(new Uint8Array(1200))

const records: Pick<BareCrypto, 'seal' | 'open' | 'openTicket'> = {
  seal: (nonce, header, text) => chacha20poly1305(recordKey, nonce, header).encrypt(text),
  open: (nonce, header, bytes) => chacha20poly1305(recordKey, nonce, header).decrypt(bytes),
  openTicket: () => gcm(recordKey, new Uint8Array(12), new Uint8Array(16)).decrypt(ticket),
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}
