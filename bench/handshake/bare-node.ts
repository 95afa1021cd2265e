/** The bare calls on node:crypto, each in the cheapest form that this version of Node has. */

import * as nodeCrypto from 'node:crypto'
import {
  constants,
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
  randomFillSync,
  sign,
  verify,
} from 'node:crypto'
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js'
import type { BareCrypto } from './bare.ts'
import type { Credentials, Scenario } from './scenarios.ts'

export function bareNode(scenario: Scenario, credentials: Credentials): BareCrypto {
  const exchange = scenario.group === 'x25519' ? x25519 : kem.encapsulate ? nativeHybrid(kem) : nobleHybrid
  return { ...exchange, ...hashing, ...signing(scenario, credentials), ...records() }
}

type Exchange = Pick<BareCrypto, 'generate' | 'respond'>

// ── Key exchange ────────────────────────────────────────────────────────────────────────────────────────────────────

/** What types of Node 20 do not know: raw keys, and ML-KEM. */
const kem = nodeCrypto as unknown as Partial<Kem>

interface Kem {
  encapsulate(key: KeyObject): { readonly sharedKey: Uint8Array; readonly ciphertext: Uint8Array }
  decapsulate(key: KeyObject, ciphertext: Uint8Array): Uint8Array
}

interface RawPair {
  readonly publicKey: Uint8Array
  readonly privateKey: KeyObject
}

const generateRaw = generateKeyPairSync as unknown as (type: string, options: { publicKeyEncoding: { format: 'raw-public' } }) => RawPair
const importRaw = createPublicKey as unknown as (key: { key: Uint8Array; format: 'raw-public'; asymmetricKeyType: string }) => KeyObject
const hasRaw = kem.encapsulate !== undefined && takesRaw()

function takesRaw(): boolean {
  try {
    return generateRaw('x25519', { publicKeyEncoding: { format: 'raw-public' } }).publicKey.length === 32
  } catch {
    return false
  }
}

function rawPair(type: string): RawPair {
  return generateRaw(type, { publicKeyEncoding: { format: 'raw-public' } })
}

function rawKey(asymmetricKeyType: string, key: Uint8Array): KeyObject {
  return importRaw({ key, format: 'raw-public', asymmetricKeyType })
}

function jwkPair(): RawPair {
  const { publicKey, privateKey } = generateKeyPairSync('x25519', { publicKeyEncoding: { format: 'jwk' } } as never) as unknown as {
    readonly publicKey: { readonly x: string }
    readonly privateKey: KeyObject
  }
  return { publicKey: Buffer.from(publicKey.x, 'base64url'), privateKey }
}

function jwkKey(raw: Uint8Array): KeyObject {
  return createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x: Buffer.from(raw).toString('base64url') }, format: 'jwk' })
}

const x25519: Exchange = {
  generate() {
    const { publicKey, privateKey } = hasRaw ? rawPair('x25519') : jwkPair()
    return { share: publicKey, agree: peer => diffieHellman({ privateKey, publicKey: hasRaw ? rawKey('x25519', peer) : jwkKey(peer) }) }
  },
  respond(peer) {
    const pair = x25519.generate()
    return { share: pair.share, secret: pair.agree(peer) }
  },
}

function nativeHybrid({ encapsulate, decapsulate }: Partial<Kem>): Exchange {
  if (!encapsulate || !decapsulate) throw new TypeError('this Node has no ML-KEM')
  return hybrid({
    generate() {
      const { publicKey, privateKey } = rawPair('ml-kem-768')
      return { share: publicKey, agree: ciphertext => decapsulate(privateKey, ciphertext) }
    },
    respond(peer) {
      const { sharedKey, ciphertext } = encapsulate(rawKey('ml-kem-768', peer))
      return { share: ciphertext, secret: sharedKey }
    },
  })
}

const nobleHybrid = hybrid({
  generate() {
    const { publicKey, secretKey } = ml_kem768.keygen(random(64))
    return { share: publicKey, agree: ciphertext => ml_kem768.decapsulate(ciphertext, secretKey) }
  },
  respond(peer) {
    const { cipherText, sharedSecret } = ml_kem768.encapsulate(peer, random(32))
    return { share: cipherText, secret: sharedSecret }
  },
})

function hybrid(ofKem: Exchange): Exchange {
  return {
    generate() {
      const [first, second] = [ofKem.generate(), x25519.generate()]
      return {
        share: Buffer.concat([first.share, second.share]),
        agree: peer => Buffer.concat([first.agree(peer.subarray(0, -32)), second.agree(peer.subarray(-32))]),
      }
    },
    respond(peer) {
      const [first, second] = [ofKem.respond(peer.subarray(0, -32)), x25519.respond(peer.subarray(-32))]
      return { share: Buffer.concat([first.share, second.share]), secret: Buffer.concat([first.secret, second.secret]) }
    },
  }
}

// ── The rest ────────────────────────────────────────────────────────────────────────────────────────────────────────

function random(size: number): Uint8Array {
  return randomFillSync(new Uint8Array(size))
}

const hashing: Pick<BareCrypto, 'random' | 'transcript' | 'hmac'> = {
  random,
  transcript() {
    const running = createHash('sha256')
    return { add: message => running.update(message), digest: () => running.copy().digest() }
  },
  hmac: (key, data) => createHmac('sha256', key).update(data).digest(),
}

function signing({ key }: Scenario, { server, intermediate }: Credentials): Pick<BareCrypto, 'sign' | 'verify' | 'verifyCertificate'> {
  const privateKey = privateKeyOf(server.privateKeyPkcs8)
  const publicKey = createPublicKey(privateKey)
  const issuer = privateKeyOf(intermediate.privateKeyPkcs8)
  const issuerKey = createPublicKey(issuer)
  const { padding, saltLength, digest } = key === 'RSA-2048' ? pss : { digest: key === 'Ed25519' ? null : 'sha256' }
  const options = padding === undefined ? {} : { padding, saltLength }
  const certificate = Buffer.from(server.certificateDer)
  const signature = sign('sha256', certificate, issuer)
  return {
    sign: content => sign(digest, content, { key: privateKey, ...options }),
    verify: (content, made) => verify(digest, content, { key: publicKey, ...options }, made),
    verifyCertificate: () => verify('sha256', certificate, issuerKey, signature),
  }
}

const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST, digest: 'sha256' }

function privateKeyOf(pkcs8: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' })
}

function records(): Pick<BareCrypto, 'seal' | 'open' | 'openTicket'> {
  const ticket = sealed('aes-256-gcm', new Uint8Array(32), new Uint8Array(12), new Uint8Array(16), new Uint8Array(1200))
  return {
    seal: (nonce, header, text) => sealed('aes-128-gcm', recordKey, nonce, header, text),
    open: (nonce, header, bytes) => opened('aes-128-gcm', recordKey, nonce, header, bytes),
    openTicket: () => opened('aes-256-gcm', new Uint8Array(32), new Uint8Array(12), new Uint8Array(16), ticket),
  }
}

const recordKey = new Uint8Array(16).fill(8)

type Name = 'aes-128-gcm' | 'aes-256-gcm'

function sealed(name: Name, key: Uint8Array, nonce: Uint8Array, header: Uint8Array, text: Uint8Array): Uint8Array {
  const cipher = createCipheriv(name, key, nonce)
  cipher.setAAD(header)
  const body = cipher.update(text)
  cipher.final()
  return Buffer.concat([body, cipher.getAuthTag()])
}

function opened(name: Name, key: Uint8Array, nonce: Uint8Array, header: Uint8Array, bytes: Uint8Array): Uint8Array {
  const decipher = createDecipheriv(name, key, nonce)
  decipher.setAuthTag(bytes.subarray(-16))
  decipher.setAAD(header)
  const text = decipher.update(bytes.subarray(0, -16))
  decipher.final()
  return text
}
