/** Signatures by node:crypto. */
import { constants, createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject, sign, verify } from 'node:crypto'
import { mlDsa } from '../ml-dsa.ts'
import { type MlDsaPrivateKeyInfo, type PrivateKeyInfo, writePrivateKey } from '../pkcs8.ts'
import type { Scheme, SignatureLibrary } from '../signatures.ts'
import { type CurveName, type EdwardsName, edwardsSize, type PublicKey, writeRsaPublicKey } from '../spki.ts'
import { plain, view } from './buffers.ts'
import { curvePoint } from './groups.ts'

export function nodeSignatures(random: (size: number) => Uint8Array): SignatureLibrary {
  return {
    optional: { mlDsa },
    verifier(publicKey, spki) {
      if (publicKey.type === 'ml-dsa') {
        return (_, message, signature) => mlDsa.verify(publicKey.parameterSet, publicKey.publicKey, message, signature)
      }
      const key = publicKeyObject(publicKey, spki)
      return (scheme, message, signature) => verify(digestOf(scheme), message, { key, ...paddingOf(scheme) }, signature)
    },
    signer(info) {
      if (info.type === 'ml-dsa') return mlDsa.signer(info.parameterSet, info.secretKey, random)
      const key = createPrivateKey({ key: view(writePrivateKey(info)), format: 'der', type: 'pkcs8' })
      return {
        subjectPublicKey: subjectPublicKey(info, key),
        sign: (scheme, message) => plain(sign(digestOf(scheme), message, { key, ...paddingOf(scheme) })),
      }
    },
  }
}

/** By a JWK, which OpenSSL 3.0 reads some times as fast as DER. A JWK has no place for the restrictions of an id-RSASSA-PSS key. */
function publicKeyObject(key: Exclude<PublicKey, { type: 'ml-dsa' }>, spki: Uint8Array): KeyObject {
  if (key.type === 'rsa-pss') return createPublicKey({ key: view(spki), format: 'der', type: 'spki' })
  return createPublicKey({ key: jwkOf(key), format: 'jwk' })
}

function jwkOf(key: Exclude<PublicKey, { type: 'ml-dsa' | 'rsa-pss' }>): JsonWebKey {
  switch (key.type) {
    case 'rsa':
      return { kty: 'RSA', n: base64Url(key.key.n), e: base64Url(key.key.e) }
    case 'ec': {
      const size = (key.point.length - 1) / 2
      const [x, y] = [key.point.subarray(1, 1 + size), key.point.subarray(1 + size)]
      return { kty: 'EC', crv: jwkCurves[key.curve], x: view(x).toString('base64url'), y: view(y).toString('base64url') }
    }
    default:
      return { kty: 'OKP', crv: jwkCurves[key.type], x: view(key.point).toString('base64url') }
  }
}

const jwkCurves: Readonly<Record<CurveName | EdwardsName, string>> = {
  secp256r1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
  ed25519: 'Ed25519',
  ed448: 'Ed448',
}

function base64Url(value: bigint): string {
  const digits = value.toString(16)
  return Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex').toString('base64url')
}

/** None where the scheme hashes by itself. */
function digestOf(scheme: Scheme): string | null {
  return 'hash' in scheme ? scheme.hash : null
}

function paddingOf(scheme: Scheme): { readonly padding?: number; readonly saltLength?: number } {
  switch (scheme.kind) {
    case 'rsa-pss':
      return { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
    case 'rsa-pkcs1':
      return { padding: constants.RSA_PKCS1_PADDING }
    default:
      return {}
  }
}

function subjectPublicKey(info: Exclude<PrivateKeyInfo, MlDsaPrivateKeyInfo>, key: KeyObject): Uint8Array {
  switch (info.type) {
    case 'rsa':
    case 'rsa-pss':
      return writeRsaPublicKey(info.key)
    case 'ec':
      return curvePoint(info.curve, info.secret)
    case 'ed25519':
    case 'ed448':
      return plain(createPublicKey(key).export({ format: 'der', type: 'spki' })).slice(-edwardsSize[info.type])
  }
}
